"""The columns for the person who answers: rows from before are right, and the ledger refuses changes as ever."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from consent.models import Consent
from consults.models import Encounter
from core import guards
from tests import factories as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEFORE, FILLED = "0002_first_telehealth_text", "0004_answers_so_far_are_the_patients"


@pytest.fixture
def visit() -> Iterator[Encounter]:
    yield make.make_waiting_visit()
    call_command("migrate", verbosity=0)


def migrate_to(name: str) -> None:
    call_command("migrate", "consent", name, verbosity=0)


def change_is_refused() -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE consent_consent SET purpose = 'other'")
    except IntegrityError:
        return True
    return False


def test_rows_from_before_are_the_patients_own_and_stay_unchangeable(visit: Encounter) -> None:
    with guards.lifted(connection, "consent_append_only"):
        migrate_to(BEFORE)
    with connection.cursor() as cursor:
        columns = {column.name for column in connection.introspection.get_table_description(cursor, "consent_consent")}
    assert "person_id" not in columns
    assert change_is_refused()
    migrate_to(FILLED)
    assert change_is_refused()
    call_command("migrate", verbosity=0)
    assert guards.missing(connection) == []
    assert change_is_refused()
    [row] = Consent.objects.all()
    assert (row.person_type, row.person_id, row.person_label) == ("patient", visit.patient_id, visit.patient.full_name)
    assert (row.purpose, row.decision, row.how) == ("telehealth", "permit", "link")
