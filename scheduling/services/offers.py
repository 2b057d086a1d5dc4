"""What a clinic offers and on which terms: its types of visit, its holidays and the rules of booking."""

import uuid as uuids
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization, Practitioner
from audit.services import record
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import BookingTerms, Modality, VisitType
from scheduling.policies import may_change_clinic
from scheduling.public_holidays import countries
from scheduling.services.stranding import watched


@dataclass(frozen=True)
class Terms:
    """What holds for every booking of a clinic."""

    holiday_country: str = ""
    holiday_subdivision: str = ""
    change_notice_minutes: int = 24 * 60
    hold_minutes: int = 10
    offer_minutes: int = 15
    place_kept_minutes: int = 10
    answer_minutes: int = 10
    desk_email: str = ""
    self_booking: bool = True
    confirm_self_bookings: bool = False


@dataclass(frozen=True)
class Offer:
    """A type of visit as somebody wants it."""

    name: str
    minutes: int
    modality: str = Modality.VIDEO_HOME
    preparation: str = ""
    capacity: int = 1
    needs_room: bool = False
    self_booking: bool = True
    is_active: bool = True


@transaction.atomic
def set_terms(
    *, actor: Actor, organization: Organization, terms: Terms, accepted: Collection[uuids.UUID] = ()
) -> BookingTerms:
    """Set the clinic's terms. Raises Stranding with the visits that new holidays would leave outside the hours."""
    if not may_change_clinic(actor, organization.pk):
        raise NotFound
    _require_terms(terms)
    Organization.objects.select_for_update().get(pk=organization.pk)
    row, _is_new = BookingTerms.objects.get_or_create(organization=organization)
    concerned = list(Practitioner.objects.filter(organization=organization, schedule__keeps_holidays=True))
    with watched(concerned, accepted):
        for name, value in vars(terms).items():
            setattr(row, name, value)
        row.save()
    record(actor=actor, action="scheduling.terms.set", entity=row, detail={"kept": len(accepted)})
    return row


@transaction.atomic
def save_visit_type(
    *,
    actor: Actor,
    organization: Organization,
    offer: Offer,
    practitioners: Sequence[Practitioner],
    visit_type: VisitType | None = None,
) -> VisitType:
    """Add a type of visit, or change one. What is booked already stays as it was booked."""
    if not may_change_clinic(actor, organization.pk, "scheduling.visit_type.new"):
        raise NotFound
    if visit_type is not None and visit_type.organization_id != organization.pk:
        raise NotFound
    if any(one.organization_id != organization.pk for one in practitioners):
        raise NotFound
    _require_offer(offer)
    row = VisitType(organization=organization) if visit_type is None else _locked(visit_type)
    for name, value in vars(offer).items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as refusal:
        raise Conflict(
            _("There is a type of visit with this name already. Choose another name."),
            code="visit_type.name",
            field="name",
        ) from refusal
    row.practitioners.set(practitioners)
    action = "scheduling.visit_type.add" if visit_type is None else "scheduling.visit_type.change"
    record(actor=actor, action=action, entity=row, detail={"practitioners": len(practitioners)})
    return row


def _locked(visit_type: VisitType) -> VisitType:
    return VisitType.objects.select_for_update().get(pk=visit_type.pk)


def _require_terms(terms: Terms) -> None:
    if terms.holiday_country:
        parts = countries().get(terms.holiday_country)
        if parts is None:
            raise Invalid(_("Choose a country from the list."), code="terms.country", field="holiday_country")
        if terms.holiday_subdivision and terms.holiday_subdivision not in parts:
            raise Invalid(_("Choose a part of that country."), code="terms.subdivision", field="holiday_subdivision")
    elif terms.holiday_subdivision:
        raise Invalid(_("Choose the country first."), code="terms.subdivision", field="holiday_country")
    if not 0 <= terms.change_notice_minutes <= 525_600:
        raise Invalid(_("Enter a notice of at most a year."), code="terms.notice", field="change_notice_minutes")
    if not 1 <= terms.hold_minutes <= 120:
        raise Invalid(_("Enter from 1 to 120 minutes."), code="terms.hold", field="hold_minutes")
    if not 1 <= terms.offer_minutes <= 1_440:
        raise Invalid(_("Enter from 1 to 1440 minutes."), code="terms.offer", field="offer_minutes")


def _require_offer(offer: Offer) -> None:
    if not offer.name.strip() or len(offer.name.strip()) > 100:
        raise Invalid(_("Enter a name of 100 letters or fewer."), code="visit_type.name", field="name")
    if not 5 <= offer.minutes <= 480:
        raise Invalid(_("A visit lasts from 5 minutes to 8 hours."), code="visit_type.minutes", field="minutes")
    if offer.modality not in Modality.values:
        raise Invalid(_("Choose how you meet from the list."), code="visit_type.modality", field="modality")
    if len(offer.preparation.strip()) > 500:
        raise Invalid(_("Say it in 500 letters or fewer."), code="visit_type.preparation", field="preparation")
    if not 1 <= offer.capacity <= 7:
        raise Invalid(_("Enter from 1 to 7 patients."), code="visit_type.capacity", field="capacity")
