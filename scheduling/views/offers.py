"""Staff pages of what the clinic offers: its own days and holidays, its terms, its types of visit."""

import uuid as uuids

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.models import Organization
from accounts.policy import guarded
from accounts.selectors import practitioners
from accounts.services.people import set_age_of_majority
from accounts.who import who
from core.clock import today
from scheduling import spoken
from scheduling.forms.offers import TermsForm, VisitTypeForm
from scheduling.forms.schedules import DaysForm, minutes_said
from scheduling.models import VisitType
from scheduling.public_holidays import countries, country_names
from scheduling.selectors import schedules as selectors
from scheduling.services import availability as services
from scheduling.services import offers
from scheduling.services.offers import Terms
from scheduling.views.changing import NAV, change
from scheduling.views.schedules import GET_POST, days_said


@require_safe
@guarded("scheduling.clinic.view")
def clinic_days(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    clinic = selectors.clinic_of(actor)
    terms = selectors.terms_of(clinic)
    country = country_names().get(terms.holiday_country, "") if terms.holiday_country else ""
    context = {
        "terms": terms,
        "notice": minutes_said(terms.change_notice_minutes),
        "country": f"{country} ({terms.holiday_subdivision})" if terms.holiday_subdivision else country,
        "holidays": [(spoken.days(day, day), name) for day, name in selectors.holidays_ahead(clinic)],
        "days": [(one, *days_said(one)) for one in selectors.clinic_days(actor)],
    }
    return render(request, "schedule/clinic_days.html", NAV | context)


@require_http_methods(GET_POST)
@guarded("scheduling.clinic.change")
def clinic_days_new(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    clinic = selectors.clinic_of(actor, "scheduling.clinic.change")
    form = DaysForm(request.POST if request.method == "POST" else None, initial={"first_day": today(clinic.timezone)})
    page = {
        "form": form,
        "zone": clinic.timezone,
        "whose": clinic.name,
        "go": reverse("clinic-days"),
        "is_clinic": True,
    }
    return change(
        request,
        form=form,
        save=lambda accepted: services.add_days(
            actor=actor, organization=clinic, practitioner=None, days=form.days(), accepted=accepted
        ),
        show=lambda status: render(request, "schedule/days_new.html", NAV | page, status=status),
        done=gettext("These days are saved."),
        go=reverse("clinic-days"),
    )


@require_http_methods(GET_POST)
@guarded("scheduling.clinic.change")
def terms(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    clinic = selectors.clinic_of(actor, "scheduling.clinic.change")
    standing = selectors.terms_of(clinic)
    form = TermsForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(standing, name) for name in Terms.__dataclass_fields__}
        | {"age_of_majority": clinic.age_of_majority},
    )
    parts = countries().get(form["holiday_country"].value() or "", ())
    page = {"form": form, "parts": parts}
    return change(
        request,
        form=form,
        save=lambda accepted: _save_terms(actor, clinic, form, accepted),
        show=lambda status: render(request, "schedule/terms.html", NAV | page, status=status),
        done=gettext("The terms are saved."),
        go=reverse("clinic-days"),
    )


@transaction.atomic
def _save_terms(actor: Actor, clinic: Organization, form: TermsForm, accepted: frozenset[uuids.UUID]) -> None:
    offers.set_terms(actor=actor, organization=clinic, terms=form.terms(), accepted=accepted)
    set_age_of_majority(actor=actor, organization=clinic, age=form.cleaned_data["age_of_majority"])


@require_safe
@guarded("scheduling.visit_type.list")
def visit_types(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    return render(request, "schedule/visit_types.html", NAV | {"rows": selectors.visit_types(actor)})


@require_http_methods(GET_POST)
@guarded("scheduling.visit_type.new")
def visit_type_new(request: HttpRequest) -> HttpResponse:
    return _visit_type(request, None)


@require_http_methods(GET_POST)
@guarded("scheduling.visit_type.change")
def visit_type(request: HttpRequest, visit_type: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    return _visit_type(request, selectors.get_visit_type(actor, visit_type))


def _visit_type(request: HttpRequest, standing: VisitType | None) -> HttpResponse:
    actor, _ = who(request)
    clinic = selectors.clinic_of(actor, "scheduling.visit_type.new")
    initial: dict[str, object] = {"minutes": 20, "capacity": 1, "self_booking": True, "is_active": True}
    if standing is not None:
        initial = {name: getattr(standing, name) for name in offers.Offer.__dataclass_fields__}
        initial["practitioners"] = [one.uuid for one in standing.practitioners.all()]
    form = VisitTypeForm(
        request.POST if request.method == "POST" else None, initial=initial, practitioners=practitioners(actor)
    )
    page = {"form": form, "standing": standing}
    return change(
        request,
        form=form,
        save=lambda accepted: offers.save_visit_type(
            actor=actor,
            organization=clinic,
            offer=form.offer(),
            practitioners=list(form.cleaned_data["practitioners"]),
            visit_type=standing,
        ),
        show=lambda status: render(request, "schedule/visit_type.html", NAV | page, status=status),
        done=gettext("The type of visit is saved."),
        go=reverse("visit-types"),
    )
