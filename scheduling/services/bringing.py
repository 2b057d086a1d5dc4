"""Bringing in the rows of a table: what each would do, and doing it, by the same services as anywhere in the house."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization, Patient, Practitioner, User
from accounts.services import create_user, register_patient, register_practitioner
from core.clock import now
from core.errors import Invalid
from scheduling.files.tables import Row
from scheduling.forms.files import AppointmentRow, PatientRow, PractitionerRow
from scheduling.messages.announcing import unannounced
from scheduling.models import OccupiedSpan, VisitType
from scheduling.services.booking import book_appointment, buffers_of
from scheduling.services.checks import Wish, require_fitting, require_possible
from scheduling.services.openness import outside
from scheduling.zones import instants

# What becomes of a row.
NEW, KNOWN, WRONG = "new", "known", "wrong"
Outcome = tuple[str, str]
Person = tuple[str, str, dt.date]


class Bringer:
    """Rows of one kind, in order. `look` says what a row would do, having seen those before it; `bring` does it.

    A row's cells are read by its form, and what is wrong is told in the form's words.
    """

    needed: ClassVar[Sequence[str]]
    form: ClassVar[type[forms.Form]]
    most_rows: ClassVar[int]

    def __init__(self, actor: Actor, clinic: Organization) -> None:
        self.actor, self.clinic = actor, clinic
        self.read: dict[str, Any] = {}

    def look(self, row: Row) -> Outcome:
        if row.problem:
            return WRONG, row.problem
        form = self.form(row.cells)
        if not form.is_valid():
            return WRONG, ". ".join(str(error) for errors in form.errors.values() for error in errors)
        self.read = form.cleaned_data
        return self.judge(row.line)

    def judge(self, line: int) -> Outcome:
        """What the row that was read would do."""
        raise NotImplementedError

    def bring(self) -> None:
        """Do what the row that was looked at last said that it would."""
        raise NotImplementedError


class Patients(Bringer):
    """A patient who has the same names and birth date as one who is here is that one."""

    needed: ClassVar[Sequence[str]] = ("given_name", "family_name", "birth_date")
    form: ClassVar[type[forms.Form]] = PatientRow
    most_rows: ClassVar[int] = 5000

    def __init__(self, actor: Actor, clinic: Organization) -> None:
        super().__init__(actor, clinic)
        here = Patient.objects.filter(organization=clinic, merged_into=None)
        names = here.values_list("given_name", "family_name", "birth_date")
        self.seen: dict[Person, int] = {_person(*name): 0 for name in names}

    def judge(self, line: int) -> Outcome:
        who = _person(self.read["given_name"], self.read["family_name"], self.read["birth_date"])
        if who in self.seen:
            return KNOWN, _seen_patient(self.seen[who])
        self.seen[who] = line
        return NEW, ""

    def bring(self) -> None:
        register_patient(actor=self.actor, organization=self.clinic, **self.read)


class Practitioners(Bringer):
    """Whoever signs in with the same email address is the same person."""

    needed: ClassVar[Sequence[str]] = ("email", "given_name", "family_name")
    form: ClassVar[type[forms.Form]] = PractitionerRow
    most_rows: ClassVar[int] = 500

    def __init__(self, actor: Actor, clinic: Organization) -> None:
        super().__init__(actor, clinic)
        here = Practitioner.objects.filter(organization=clinic).values_list("user__email", flat=True)
        self.seen: dict[str, int] = dict.fromkeys(here, 0)
        self.taken = set(User.objects.values_list("email", flat=True)) - self.seen.keys()

    def judge(self, line: int) -> Outcome:
        email = self.read["email"].lower()
        if email in self.seen:
            return KNOWN, _seen_practitioner(self.seen[email])
        if email in self.taken:
            return WRONG, _("Somebody who is no practitioner already signs in with this email address")
        self.seen[email] = line
        return NEW, ""

    def bring(self) -> None:
        names = {name: self.read[name] for name in ("given_name", "family_name", "prefix", "specialty")}
        name = f"{names['given_name']} {names['family_name']}"
        user = create_user(actor=self.actor, organization=self.clinic, email=self.read["email"], name=name)
        register_practitioner(actor=self.actor, organization=self.clinic, user=user, **names)


class Appointments(Bringer):
    """For people who are here already. What is taken is told beforehand; whether it is, the database says."""

    needed: ClassVar[Sequence[str]] = (
        "given_name",
        "family_name",
        "birth_date",
        "practitioner_email",
        "day",
        "time",
        "minutes",
    )
    form: ClassVar[type[forms.Form]] = AppointmentRow
    most_rows: ClassVar[int] = 1000

    def __init__(self, actor: Actor, clinic: Organization) -> None:
        super().__init__(actor, clinic)
        self.people: dict[Person, list[Patient]] = defaultdict(list)
        for one in Patient.objects.filter(organization=clinic, merged_into=None):
            self.people[_person(one.given_name, one.family_name, one.birth_date)].append(one)
        doctors = Practitioner.objects.filter(organization=clinic).select_related("user", "schedule")
        self.doctors = {one.user.email: one for one in doctors}
        self.types = {one.name.casefold(): one for one in VisitType.objects.filter(organization=clinic)}
        self.taken = _taken(clinic)
        self.wanted: dict[str, Any] = {}

    def judge(self, line: int) -> Outcome:
        found = self.people.get(_person(self.read["given_name"], self.read["family_name"], self.read["birth_date"]), [])
        doctor = self.doctors.get(self.read["practitioner_email"].lower())
        name = self.read["visit_type"]
        kind = self.types.get(name.casefold()) if name else None
        starts = instants(self.clinic.timezone, dt.datetime.combine(self.read["day"], self.read["time"]))
        wrong = (
            (not found, _("There is no patient with these names and birth date. Bring in the patients first")),
            (len(found) > 1, _("Two patients have these names and this birth date. Book this one by hand")),
            (doctor is None, _("There is no practitioner with this email address")),
            (bool(name) and kind is None, _("There is no type of visit by this name")),
            (not starts, _("The clocks skip this time on that day")),
            (len(starts) > 1, _("The clocks show this time twice on that day. Book this one by hand")),
            (bool(starts) and starts[0] < now(), _("This time is over")),
        )
        said = next((words for is_so, words in wrong if is_so), "")
        if said or doctor is None:
            return WRONG, said
        return self._place(found[0], doctor, kind, starts[0])

    def bring(self) -> None:
        # Whoever is in a file knows of their visit from where the file comes from.
        with unannounced():
            book_appointment(
                actor=self.actor,
                timezone=self.clinic.timezone,
                reason=self.read["reason"],
                modality=self.read["modality"],
                **self.wanted,
            )

    def _place(self, patient: Patient, doctor: Practitioner, kind: VisitType | None, starts: dt.datetime) -> Outcome:
        """Whether the time is free, for both."""
        ends = starts + dt.timedelta(minutes=self.read["minutes"])
        wish = Wish(doctor, patient, starts, ends, self.clinic.timezone, kind, self.read["modality"])
        try:
            require_possible(self.actor, starts, ends, wish.timezone)
            require_fitting(wish)
        except Invalid as refusal:
            return WRONG, refusal.message.rstrip(".")
        before, after = buffers_of(doctor)
        kept = (starts - dt.timedelta(minutes=before), ends + dt.timedelta(minutes=after))
        mine, theirs = self.taken["patient", patient.pk], self.taken["practitioner", doctor.pk]
        if _meets(theirs, *kept):
            return WRONG, _("The practitioner's time is taken then")
        if _meets(mine, starts, ends):
            return WRONG, _("The patient has another visit then")
        theirs.append(kept)
        mine.append((starts, ends))
        # Told beforehand and confirmed with the file: the second press of the desk's own form.
        said = outside(wish)
        self.wanted = {
            "patient": patient, "practitioner": doctor, "visit_type": kind, "starts_at": starts, "ends_at": ends,
            "outside_rules": bool(said),
        }  # fmt: skip
        return NEW, said.rstrip(".")


BRINGERS: dict[str, type[Bringer]] = {
    "patients": Patients,
    "practitioners": Practitioners,
    "appointments": Appointments,
}


def _person(given: str, family: str, birth_date: dt.date) -> Person:
    return given.strip().casefold(), family.strip().casefold(), birth_date


def _seen_patient(line: int) -> str:
    if line:
        words = _("A patient with these names and birth date stands in line %(line)s already: left out")
        return words % {"line": line}
    return _("A patient with these names and birth date is here already: left out")


def _seen_practitioner(line: int) -> str:
    if line:
        words = _("A practitioner with this email address stands in line %(line)s already: left out")
        return words % {"line": line}
    return _("A practitioner with this email address is here already: left out")


def _taken(clinic: Organization) -> dict[tuple[str, int], list[tuple[dt.datetime, dt.datetime]]]:
    """What is taken from now on, by whose time it is. Holds that have run out are in nobody's way."""
    over = Q(appointment__status="proposed", appointment__held_until__lte=now())
    spans = OccupiedSpan.objects.filter(organization=clinic, ends_at__gt=now()).exclude(over)
    taken: dict[tuple[str, int], list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    columns = ("actor__practitioner_id", "actor__patient_id", "starts_at", "ends_at")
    for practitioner, patient, starts, ends in spans.values_list(*columns):
        whose = ("practitioner", practitioner) if practitioner else ("patient", patient or 0)
        taken[whose].append((starts, ends))
    return taken


def _meets(taken: Sequence[tuple[dt.datetime, dt.datetime]], starts: dt.datetime, ends: dt.datetime) -> bool:
    return any(one < ends and starts < other for one, other in taken)
