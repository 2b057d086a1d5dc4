"""Who and what is in the demo clinic: made-up people and the visits planned around the present minute. Data only."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

CLINIC: Final = {
    "name": "Lantern Street Clinic",
    "slug": "lantern-street",
    "timezone": "America/Chicago",
    "phone": "555-0142",
    "desk_hours": "8 am to 6 pm",
}


@dataclass(frozen=True)
class Staff:
    """Somebody who signs in; those with a specialty see patients."""

    email: str
    prefix: str
    given_name: str
    family_name: str
    specialty: str
    face: str


@dataclass(frozen=True)
class Person:
    """A patient, found again by name."""

    given_name: str
    family_name: str
    birth_date: dt.date
    email: str
    phone: str
    face: str = ""

    @property
    def former_phone(self) -> str:
        """What an older Housecall gave them: no number of a whole country."""
        return self.phone.removeprefix("312-")


@dataclass(frozen=True)
class Offered:
    """A type of visit, and by whom."""

    name: str
    minutes: int
    modality: str
    practitioners: tuple[str, ...]
    preparation: str = ""


@dataclass(frozen=True)
class Working:
    """Somebody's week: on these weekdays (Monday is 0), from and until these minutes of the day, with a break."""

    practitioner: str
    weekdays: tuple[int, ...]
    hours: tuple[int, int]
    pause: tuple[int, int]
    name: str = "Break"


@dataclass(frozen=True)
class PlannedVisit:
    """A visit of a patient to a practitioner, so many minutes after the present one; interpreted by somebody or not."""

    practitioner: str
    patient: str
    minutes: int
    reason: str
    interpreter: str = ""


DOCTOR: Final = "marlow@lantern.example"
DESK: Final = Staff("desk@lantern.example", "", "Hanna", "Oakes", "", "")
# Decides how long recordings are kept, holds and erases them, and plays none.
OFFICER: Final = Staff("privacy@lantern.example", "", "Lars", "Whitlow", "", "")
# Says when messages go out, and keeps rooms and interpreters.
ADMINISTRATOR: Final = Staff("office@lantern.example", "", "Greta", "Holloway", "", "")
PRACTITIONERS: Final = (
    Staff(DOCTOR, "Dr", "Ines", "Marlow", "Family medicine", "face-doc"),
    Staff("brightwater@lantern.example", "Dr", "Tomas", "Brightwater", "Internal medicine", "face-tom"),
    Staff("quill@lantern.example", "Nurse", "Petra", "Quill", "Nursing", "face-petra"),
)
NURSE: Final = "quill@lantern.example"
COLLEAGUE: Final = "brightwater@lantern.example"
OFFERED: Final = (
    Offered("First visit", 40, "video-home", (DOCTOR, COLLEAGUE), "Have your medicines at hand, with their boxes."),
    Offered("Follow-up", 20, "video-home", (DOCTOR, COLLEAGUE, NURSE)),
    Offered("Call with the nurse", 20, "phone", (NURSE,)),
    Offered("Blood test", 20, "in-person", (NURSE,), "Come without breakfast. Water is fine."),
)
WORKING: Final = (
    Working(DOCTOR, (0, 1, 2, 3, 4), (8 * 60, 17 * 60), (12 * 60 + 20, 13 * 60), "Lunch"),
    Working(COLLEAGUE, (0, 1, 2, 3), (9 * 60, 18 * 60), (12 * 60, 13 * 60), "Lunch"),
    Working(NURSE, (0, 1, 2, 3, 4, 5), (7 * 60, 15 * 60), (11 * 60, 11 * 60 + 40)),
)
WALK_IN: Final = "Walk-in"
ROOM: Final = "Room 2"
INTERPRETER, LANGUAGES = "Paloma Reyes", ("es", "pt")
# One has no email address: texts go in its place.
PATIENTS: Final = (
    Person("Rosalind", "Fern", dt.date(1948, 5, 3), "rosalind@fern.example", "312-555-0171", "face-ros"),
    Person("Otto", "Pepperday", dt.date(1974, 2, 11), "otto@pepperday.example", "312-555-0172", "face-otto"),
    Person("Yuki", "Tanabe", dt.date(1988, 8, 27), "yuki@tanabe.example", "312-555-0173", "face-yuki"),
    Person("June", "Applewhite", dt.date(1992, 6, 30), "june@applewhite.example", "312-555-0174"),
    Person("Ivo", "Larkspur", dt.date(2007, 4, 19), "ivo@larkspur.example", "312-555-0175"),
    Person("Mabel", "Thistlewood", dt.date(1940, 1, 8), "mabel@thistlewood.example", "312-555-0176"),
    Person("Nell", "Hartwhistle", dt.date(1965, 9, 2), "nell@hartwhistle.example", "312-555-0177"),
    Person("Cyrus", "Bellwether", dt.date(1981, 3, 15), "", "312-555-0178"),
)
# In this order: whoever comes first has the first choice of times.
VISITS: Final = (
    PlannedVisit(DOCTOR, "Rosalind Fern", 0, "Blood pressure, follow-up"),
    # The door opens 15 minutes before, so these two can wait in one line.
    PlannedVisit(DOCTOR, "Otto Pepperday", 15, "Cough for two weeks"),
    PlannedVisit("brightwater@lantern.example", "June Applewhite", 0, "Blood result"),
    PlannedVisit("quill@lantern.example", "Yuki Tanabe", 0, "Wound check"),
    PlannedVisit(DOCTOR, "Ivo Larkspur", 30, "Skin"),
    PlannedVisit(DOCTOR, "Mabel Thistlewood", 45, "Medicines, with interpreter", INTERPRETER),
    PlannedVisit(DOCTOR, "Nell Hartwhistle", 60, "Diabetes review"),
    PlannedVisit("brightwater@lantern.example", "Cyrus Bellwether", 40, "Knee"),
)
