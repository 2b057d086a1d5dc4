"""What the demo prints when it starts: the links to open, the sign-ins, and how to try it in two tabs or by phone."""

import segno
from django.conf import settings
from rich.console import Console
from rich.table import Table

from accounts.models import Organization
from core.clock import now
from core.templatetags.ui import clock_time, zone_name
from scheduling.links import address_of
from scheduling.ports import OpenDoor, open_doors
from telehealth.demo import cast
from telehealth.demo.seed import SeededVisit, can_be_joined, password_of

# Nothing is cut or broken to a terminal's width: the terminal folds a long address, and it can be copied whole.
WIDTH = 200
ZONE = cast.CLINIC["timezone"]
TWO_TABS = ("in two tabs of one browser", "In the other tab")
WARNING = (
    "This machine has signed its certificate itself, so each browser warns once:\n"
    "choose Advanced (on an iPhone Show Details) and go on to the page. Whoever in\n"
    "this network has a link or a password from above can use the demo."
)
# As much white around it as readers of QR codes ask for.
QUIET = 4
BLOCKS = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}


def announce(visits: tuple[SeededVisit, ...]) -> None:
    """Print everything that somebody needs to hold a visit."""
    console = Console(width=WIDTH, highlight=False, markup=False, soft_wrap=True)
    console.print(f"\n{cast.CLINIC['name']}: personal links of patients, times in {zone_name(ZONE)}", style="bold")
    for visit in visits:
        console.print(_link(visit))
    for door in _doors():
        console.print(f"\nWithout a booking, into the line {door.name}:\n{settings.BASE_URL.rstrip('/')}{door.address}")
    console.print(_sign_ins())
    console.print("\nWhat patients would have got by email and text, for whoever is signed in:")
    console.print(f"  {settings.BASE_URL}/staff/messages/sink/")
    if settings.DEMO_LAN:
        _for_a_phone(console, _next(visits))
    console.print(_how_to_try(_next(visits)))


def _doors() -> list[OpenDoor]:
    clinic = Organization.objects.filter(slug=cast.CLINIC["slug"]).first()
    return open_doors(clinic) if clinic is not None else []


def _link(visit: SeededVisit) -> str:
    """Two lines: no address of this length stands beside words in 80 columns."""
    encounter = visit.encounter
    time = clock_time(encounter.appointment.starts_at, ZONE)
    who = f"{time:>8}  {encounter.patient.full_name} to {encounter.practitioner.display_name}"
    return f"{who}\n{address_of(visit.link)}"


def _sign_ins() -> Table:
    table = Table(
        title=f"\nSign-ins of staff, at {settings.BASE_URL}/staff/",
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 3, 0, 0),
    )
    for heading in ("Name", "Email", "Password"):
        table.add_column(heading, no_wrap=True)
    for staff in (*cast.PRACTITIONERS, cast.DESK, cast.ADMINISTRATOR, cast.OFFICER):
        name = " ".join(part for part in (staff.prefix, staff.given_name, staff.family_name) if part)
        table.add_row(name, staff.email, password_of(staff.email))
    return table


def _next(visits: tuple[SeededVisit, ...]) -> SeededVisit:
    at = now()
    return next(visit for visit in visits if can_be_joined(visit.encounter, at))


def _how_to_try(visit: SeededVisit) -> str:
    patient = visit.encounter.patient.full_name
    where, other = ("with a phone in the same Wi-Fi", "Here") if settings.DEMO_LAN else TWO_TABS
    return (
        f"\nTo try it {where}:\n"
        f"  1. Open the link of {patient} and go to the waiting room.\n"
        f"  2. {other} sign in as {visit.encounter.practitioner.display_name} and call {patient} in.\n"
        "\nOr alone: sign in, and let a pretend patient come in by the button on the queue.\n"
        "\nWho signs in by a code of six digits finds its email in this window.\n"
        f"Housecall is on {settings.BASE_URL}. Ctrl-C stops it.\n"
    )


def _for_a_phone(console: Console, visit: SeededVisit) -> None:
    """The link as a picture that a phone's camera reads, and what the phone will say to it."""
    if console.encoding == "utf-8":
        console.print(
            f"\nThe link of {visit.encounter.patient.full_name}, for the camera of a phone in the same Wi-Fi:\n"
        )
        for line in drawn(address_of(visit.link)):
            console.print(line, style="#000000 on #ffffff")
    console.print(f"\n{WARNING}")


def drawn(address: str) -> list[str]:
    """A QR code in half blocks, two rows of it to a line, dark where there is ink, with its margin."""
    rows = [bytes(row) for row in segno.make_qr(address, error="l", boost_error=False).matrix_iter(border=QUIET)]
    rows.append(bytes(len(rows[0])))
    return [
        "".join(BLOCKS[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(*[iter(rows)] * 2, strict=False)
    ]
