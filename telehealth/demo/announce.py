"""What the demo prints when it starts: the links to open, the sign-ins, and how to try it in two tabs."""

from django.conf import settings
from rich.console import Console
from rich.table import Table

from core.clock import now
from core.templatetags.ui import clock_time, zone_name
from scheduling.links import address_of
from telehealth.demo import cast
from telehealth.demo.seed import SeededVisit, can_be_joined, password_of

# Nothing is cut or broken to a terminal's width: the terminal folds a long address, and it can be copied whole.
WIDTH = 200
ZONE = cast.CLINIC["timezone"]


def announce(visits: tuple[SeededVisit, ...]) -> None:
    """Print everything that somebody needs to hold a visit."""
    console = Console(width=WIDTH, highlight=False, markup=False, soft_wrap=True)
    console.print(f"\n{cast.CLINIC['name']}: personal links of patients, times in {zone_name(ZONE)}", style="bold")
    for visit in visits:
        console.print(_link(visit))
    console.print(_sign_ins())
    console.print(f"\nWhat would have been sent, for whoever is signed in:\n  {settings.BASE_URL}/staff/messages/sink/")
    console.print(_how_to_try(visits))


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


def _how_to_try(visits: tuple[SeededVisit, ...]) -> str:
    at = now()
    encounter = next(visit.encounter for visit in visits if can_be_joined(visit.encounter, at))
    patient = encounter.patient.full_name
    return (
        "\nTo try it in two tabs of one browser:\n"
        f"  1. Open the link of {patient} and go to the waiting room.\n"
        f"  2. In the other tab sign in as {encounter.practitioner.display_name} and call {patient} in.\n"
        f"\nHousecall is on {settings.BASE_URL}. Mail appears here. Ctrl-C stops it.\n"
    )
