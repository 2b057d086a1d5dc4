"""Agreeing for somebody else: by what right, to what, until when, and what becomes of the yes afterwards."""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine

from accounts.actors import Actor
from accounts.models import Patient, RelatedPerson
from accounts.roles import Role
from accounts.services.people import end_related, set_age_of_majority
from audit.models import AuditEvent
from consent.models import Consent, ConsentRight
from consent.selectors import current_text, right_of, standing_consent
from consent.services import answer_in_visit, give_consent, withdraw_consent
from consent.services.rights import give_right, withdraw_right
from core.clock import now
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_uuid
from tests import factories as make

pytestmark = pytest.mark.django_db


def mother_of(child: Patient) -> RelatedPerson:
    return make.make_related(child)


def by(person: RelatedPerson, child: Patient) -> Actor:
    """Somebody who has come by a link and may agree for the child."""
    return Actor(
        "guest", 7, person.name, child.organization_id, frozenset({Role.GUEST, Role.RELATED_PERSON}), "session",
        related_id=person.pk, for_patient_id=child.pk,
    )  # fmt: skip


def words(child: Patient, purpose: str = "telehealth") -> str:
    return current_text(child.organization, purpose).version


def agree(person: RelatedPerson, child: Patient) -> Consent:
    return give_consent(
        actor=by(person, child), patient=child, purpose="telehealth", text_version=words(child), about=new_uuid()
    )


def test_yes_of_a_mother_is_the_childs_and_says_who_gave_it_and_by_what_right() -> None:
    child = make.make_child()
    mother = mother_of(child)
    right = make.make_right(mother)
    kept = agree(mother, child)
    assert (kept.person_type, kept.person_id, kept.person_label) == ("patient", child.pk, child.full_name)
    assert (kept.given_by_type, kept.given_by_label, kept.right) == ("guest", "Ana Lopez", right)
    assert standing_consent(child, "telehealth") == kept
    assert agree(mother, child) == kept


def test_childs_own_yes_does_not_spare_the_mothers() -> None:
    visit = make.make_waiting_visit(patient=make.make_child())
    own = standing_consent(visit.patient, "telehealth")
    assert own is not None
    assert own.right is None
    mother = mother_of(visit.patient)
    make.make_right(mother)
    assert agree(mother, visit.patient).right is not None


def test_without_a_right_nobody_agrees_for_another() -> None:
    child = make.make_child()
    carer = make.make_related(child, "Bo Reed", "carer")
    with pytest.raises(Conflict) as refused:
        agree(carer, child)
    assert refused.value.code == "consent.no_right"
    assert Consent.objects.count() == 0
    with pytest.raises(NotFound):
        give_consent(
            actor=replace(by(carer, child), for_patient_id=None),
            patient=child,
            purpose="telehealth",
            text_version=words(child),
        )


def test_right_over_one_child_is_none_over_another() -> None:
    child, other = make.make_child(), make.make_child()
    mother = mother_of(child)
    make.make_right(mother)
    assert right_of(mother.pk, other, "telehealth") is None
    with pytest.raises(Conflict):
        give_consent(
            actor=replace(by(mother, other), organization_id=other.organization_id),
            patient=other,
            purpose="telehealth",
            text_version=words(other),
        )


def test_yes_stands_as_long_as_the_right_and_ends_with_the_birthday() -> None:
    today = now().date()
    child = make.make_child(birth_date=dt.date(today.year - 17, 1, 1))
    mother = mother_of(child)
    make.make_right(mother)
    agree(mother, child)
    with time_machine.travel(dt.datetime(today.year, 12, 31, 12, tzinfo=dt.UTC), tick=False):
        assert standing_consent(child, "telehealth") is not None
    with time_machine.travel(dt.datetime(today.year + 1, 1, 1, 12, tzinfo=dt.UTC), tick=False):
        assert standing_consent(child, "telehealth") is None
        with pytest.raises(Conflict):
            agree(mother, child)


def test_age_of_majority_is_the_clinics() -> None:
    child = make.make_child(birth_date=dt.date(now().year - 19, 1, 1))
    mother = mother_of(child)
    with pytest.raises(Invalid):
        make.make_right(mother)
    admin = make.staff_actor(Role.ADMINISTRATOR, organization=child.organization)
    set_age_of_majority(actor=admin, organization=child.organization, age=21)
    mother.refresh_from_db()
    make.make_right(mother)
    for age in (13, 26):
        with pytest.raises(Invalid):
            set_age_of_majority(actor=admin, organization=child.organization, age=age)


@pytest.mark.parametrize("how", ["withdrawn", "replaced", "nobody any more"])
def test_right_that_ended_ends_the_yes(how: str) -> None:
    child = make.make_child()
    mother = mother_of(child)
    right = make.make_right(mother)
    agree(mother, child)
    if how == "withdrawn":
        for _ in range(2):
            withdraw_right(actor=make.SYSTEM, right=right)
    elif how == "replaced":
        make.make_right(mother, starts_on=now().date() + dt.timedelta(days=9))
    else:
        end_related(actor=make.SYSTEM, person=mother)
    assert standing_consent(child, "telehealth") is None
    with pytest.raises(Conflict):
        agree(mother, child)
    assert AuditEvent.objects.filter(action="consent.right.withdraw").count() == (how != "nobody any more")


def test_answer_about_a_recording_is_kept_for_both_and_needs_its_own_right() -> None:
    visit = make.make_visit(patient=make.make_child())
    child = visit.patient
    mother = mother_of(child)
    make.make_right(mother, "telehealth")
    asked = {"patient": child, "purpose": "recording", "text_version": words(child, "recording"), "about": visit.uuid}
    with pytest.raises(Conflict) as refused:
        answer_in_visit(actor=by(mother, child), decision="permit", **asked)
    assert refused.value.code == "consent.no_right"
    answer_in_visit(actor=by(mother, child), decision="deny", **asked)
    assert {(row.person_type, row.decision) for row in Consent.objects.all()} == {
        ("guest", "deny"),
        ("patient", "deny"),
    }
    make.make_right(mother)
    answer_in_visit(actor=by(mother, child), decision="permit", **asked)
    newest = Consent.objects.order_by("-pk")[:2]
    assert {(row.person_type, row.decision, row.given_by_label) for row in newest} == {
        ("guest", "permit", "Ana Lopez"),
        ("patient", "permit", "Ana Lopez"),
    }


def test_withdrawing_for_the_child_needs_the_right_too() -> None:
    child = make.make_child()
    mother = mother_of(child)
    right = make.make_right(mother)
    agree(mother, child)
    withdraw_consent(actor=by(mother, child), patient=child, purpose="telehealth")
    assert standing_consent(child, "telehealth") is None
    withdraw_right(actor=make.SYSTEM, right=right)
    with pytest.raises(Conflict):
        withdraw_consent(actor=by(mother, child), patient=child, purpose="telehealth")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"purposes": []}, "right.purposes"),
        ({"purposes": ["recording"]}, "right.purposes"),
        ({"purposes": ["telehealth", "surgery"]}, "right.purposes"),
        ({"basis": "love"}, "right.basis"),
        ({"seen": "  "}, "right.seen"),
        ({"seen": "x" * 201}, "right.seen"),
        ({"ends_on": dt.date(2020, 1, 1)}, "right.period"),
    ],
)
def test_right_that_cannot_be_is_refused(wrong: dict[str, object], code: str) -> None:
    mother = mother_of(make.make_child())
    asked = {"purposes": ["telehealth"], "basis": "child", "seen": "birth certificate", **wrong}
    with pytest.raises(Invalid) as refused:
        give_right(actor=make.SYSTEM, related=mother, **asked)
    assert refused.value.code == code
    assert ConsentRight.objects.count() == 0


def test_staff_of_another_clinic_gives_and_withdraws_no_right() -> None:
    mother = mother_of(make.make_child())
    right = make.make_right(mother)
    stranger = make.staff_actor(Role.FRONT_DESK)
    with pytest.raises(NotFound):
        give_right(actor=stranger, related=mother, purposes=["telehealth"], basis="child", seen="papers")
    with pytest.raises(NotFound):
        withdraw_right(actor=stranger, right=right)
    here = make.staff_actor(Role.FRONT_DESK, organization=mother.organization)
    given = give_right(actor=here, related=mother, purposes=["telehealth"], basis="child", seen="papers")
    assert given.confirmed_by_id == here.user_id
