"""The telehealth consent: whose it is, which words it was given to, and that no row ever changes."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from accounts.actors import ANONYMOUS
from accounts.roles import Role
from audit.models import AuditEvent
from consent.models import Consent, ConsentText
from consent.selectors import current_text, language_shown, standing_consent
from consent.services import give_consent, withdraw_consent
from core.errors import Conflict, Invalid, NotFound
from scheduling.models import Appointment
from tests import factories as make

pytestmark = pytest.mark.django_db
FIRST = "2026-10-01"


@pytest.fixture
def appointment() -> Appointment:
    return make.make_appointment()


def agree(appointment: Appointment, version: str = FIRST, **changes: Any) -> Consent:
    asked = {"actor": make.patient_actor(appointment), "patient": appointment.patient, "purpose": "telehealth"}
    return give_consent(**{**asked, "text_version": version, "about": appointment.encounter.uuid, **changes})


def publish(version: str, language: str = "en", body: str = "New words.", on: str = FIRST) -> ConsentText:
    return ConsentText.objects.create(
        purpose="telehealth",
        version=version,
        language=language,
        title="Title",
        body=body,
        published_on=dt.date.fromisoformat(on),
    )


def test_first_text_stands_after_migrate_and_names_the_practitioner() -> None:
    text = current_text(make.make_organization(), "telehealth", "en")
    assert text.version == FIRST
    assert text.body_for("Dr Marlow") == (
        "A video visit is private like a visit in our rooms. Dr Marlow cannot examine you by hand and may ask you to "
        "come in. You can stop at any time."
    )


def test_give_keeps_words_visit_and_giver_and_one_event(appointment: Appointment) -> None:
    assert standing_consent(appointment.patient, "telehealth") is None
    consent = agree(appointment)
    assert standing_consent(appointment.patient, "telehealth") == consent
    assert (consent.decision, consent.text.version, consent.how) == ("permit", FIRST, "link")
    assert (consent.given_by_type, consent.given_by_label) == ("patient", appointment.patient.full_name)
    assert consent.about == appointment.encounter.uuid
    assert AuditEvent.objects.filter(action="consent.give", patient_id=appointment.patient_id).count() == 1


def test_give_twice_keeps_one_row(appointment: Appointment) -> None:
    assert agree(appointment) == agree(appointment)
    assert Consent.objects.count() == 1


def test_give_for_somebody_else_does_not_exist(appointment: Appointment) -> None:
    strangers = [
        make.patient_actor(make.make_appointment(organization=appointment.organization)),
        make.practitioner_actor(appointment.practitioner),
        make.staff_actor(Role.FRONT_DESK, organization=appointment.organization),
        make.patient_actor(make.make_appointment()),
        ANONYMOUS,
    ]
    for stranger in strangers:
        with pytest.raises(NotFound):
            agree(appointment, actor=stranger)
        with pytest.raises(NotFound):
            withdraw_consent(actor=stranger, patient=appointment.patient, purpose="telehealth")
    assert Consent.objects.count() == 0
    assert agree(appointment).decision == "permit"


def test_new_version_asks_again_and_refuses_the_old_words(appointment: Appointment) -> None:
    agree(appointment)
    publish("2026-12-01")
    assert standing_consent(appointment.patient, "telehealth") is None
    with pytest.raises(Conflict) as refused:
        agree(appointment)
    assert refused.value.code == "consent.text_changed"
    assert standing_consent(appointment.patient, "telehealth") is None
    assert agree(appointment, "2026-12-01") == standing_consent(appointment.patient, "telehealth")


def test_unknown_version_and_purpose_are_invalid(appointment: Appointment) -> None:
    for changes in ({"version": "1999-01-01"}, {"purpose": "research"}):
        with pytest.raises(Invalid):
            agree(appointment, **changes)


def test_withdraw_ends_it_and_a_new_yes_counts_again(appointment: Appointment) -> None:
    agree(appointment)
    actor = make.patient_actor(appointment)
    withdraw_consent(actor=actor, patient=appointment.patient, purpose="telehealth")
    assert standing_consent(appointment.patient, "telehealth") is None
    agree(appointment)
    assert standing_consent(appointment.patient, "telehealth") is not None
    assert list(Consent.objects.order_by("pk").values_list("decision", flat=True)) == ["permit", "deny", "permit"]


def test_current_text_in_the_persons_language_else_english() -> None:
    clinic = make.make_organization()
    publish("2026-12-01")
    publish("2026-12-01", "de", "Neue Worte.")
    assert current_text(clinic, "telehealth", "de").language == "de"
    assert current_text(clinic, "telehealth", "de-AT").language == "de"
    assert current_text(clinic, "telehealth", "fr").language == "en"


def test_late_translation_of_an_old_version_does_not_bring_it_back(appointment: Appointment) -> None:
    clinic = appointment.organization
    publish("2026-11-02", on="2026-11-02")
    consent = agree(appointment, "2026-11-02/en")
    publish(FIRST, "de", "Alte Worte.", on="2026-11-20")
    publish("2026-11-02", "de", "Neue Worte.", on="2026-11-21")
    with time_machine.travel("2026-11-20T18:00Z"):
        shown = [current_text(clinic, "telehealth", one).shown_as for one in ("en", "de", "es")]
        assert shown == ["2026-11-02/en"] * 3
        assert standing_consent(appointment.patient, "telehealth") == consent
    with time_machine.travel("2026-11-21T18:00Z"):
        assert current_text(clinic, "telehealth", "de").shown_as == "2026-11-02/de"
    # Two versions of one day: the higher number.
    publish("2026-11-02b", on="2026-11-02")
    with time_machine.travel("2026-11-22T18:00Z"):
        assert current_text(clinic, "telehealth", "de").shown_as == "2026-11-02b/en"


def test_page_shows_the_words_in_its_language_or_in_one_that_no_page_speaks() -> None:
    with override("es"):
        assert (language_shown("en"), language_shown("es-MX"), language_shown("de")) == ("es", "es", "de")
    with override("en-gb"):
        assert (language_shown("es"), language_shown("de-AT")) == ("en", "de-AT")


def test_ledger_keeps_the_language_that_was_read(appointment: Appointment) -> None:
    spanish = current_text(appointment.organization, "telehealth", "es")
    assert (spanish.version, spanish.language) == (FIRST, "es")
    assert appointment.patient.language == "en"
    consent = agree(appointment, spanish.shown_as)
    assert consent.text == spanish
    assert AuditEvent.objects.get(action="consent.give").detail["language"] == "es"
    # Other words of the same version: nobody is asked anew.
    assert agree(appointment, f"{FIRST}/en") == consent == standing_consent(appointment.patient, "telehealth")


def test_page_that_names_no_language_showed_english(appointment: Appointment) -> None:
    appointment.patient.language = "es"
    assert agree(appointment, FIRST).text.language == "en"


def test_words_in_a_language_that_there_is_not_are_unknown(appointment: Appointment) -> None:
    for version in (f"{FIRST}/fr", "/es", f"{FIRST}/es/es"):
        with pytest.raises((Invalid, Conflict)):
            agree(appointment, version)
    assert not Consent.objects.exists()


def test_new_version_that_is_not_in_spanish_yet_is_shown_and_kept_in_english(appointment: Appointment) -> None:
    publish("2026-12-01")
    shown = current_text(appointment.organization, "telehealth", "es")
    assert shown.shown_as == "2026-12-01/en"
    with pytest.raises(Conflict):
        agree(appointment, f"{FIRST}/es")
    assert agree(appointment, shown.shown_as).text == shown


def test_text_published_ahead_comes_into_force_on_its_day_at_the_clinic() -> None:
    clinic = make.make_organization(timezone="Pacific/Auckland")
    behind = make.make_organization(timezone="America/Chicago")
    publish("2027-02-01", on="2027-02-01")
    publish("2027-02-01", "de", on="2027-02-03")
    with time_machine.travel("2027-01-31T10:59Z"):
        assert current_text(clinic, "telehealth").version == FIRST
    with time_machine.travel("2027-01-31T11:00Z"):  # Midnight in Auckland, five in the morning in Chicago.
        assert current_text(clinic, "telehealth").version == "2027-02-01"
        assert current_text(clinic, "telehealth", "de").language == "en"
        assert current_text(behind, "telehealth").version == FIRST
    with time_machine.travel("2027-02-03T12:00Z"):
        assert current_text(clinic, "telehealth", "de").language == "de"


def test_text_published_ahead_leaves_the_consent_standing_until_its_day(appointment: Appointment) -> None:
    agree(appointment)
    publish("2100-01-01", on="2100-01-01")
    assert standing_consent(appointment.patient, "telehealth") is not None
    with time_machine.travel("2100-01-02T12:00Z"):
        assert standing_consent(appointment.patient, "telehealth") is None


def test_first_text_counts_before_its_day() -> None:
    with time_machine.travel("2026-09-01T12:00Z"):
        assert current_text(make.make_organization(), "telehealth").version == FIRST


@pytest.mark.parametrize("table", ["consent_consent", "consent_consenttext"])
@pytest.mark.parametrize("change", ["UPDATE {} SET purpose = 'other'", "DELETE FROM {}"])
def test_ledger_refuses_change_in_the_database(appointment: Appointment, table: str, change: str) -> None:
    agree(appointment)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))
    assert (Consent.objects.count(), ConsentText.objects.filter(purpose="telehealth").count()) == (1, 2)


def test_ledger_refuses_replacing_and_emptying(appointment: Appointment) -> None:
    consent = agree(appointment)
    if connection.vendor == "sqlite":
        statement = f"INSERT OR REPLACE INTO consent_consent SELECT * FROM consent_consent WHERE id = {consent.pk}"
    else:
        statement = "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE consent_consent"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Consent.objects.get() == consent
