"""What the demo prints when it starts: the links to open, the sign-ins, and how to try it in two tabs."""

from zoneinfo import ZoneInfo

from django.conf import settings
from rich.console import Console
from rich.table import Table

from scheduling.links import address_of
from telehealth.demo import cast
from telehealth.demo.seed import SeededVisit, password_of

# Wide enough that no address is broken in two: a terminal folds it, and it can still be copied whole.
WIDTH = 200


def announce(visits: tuple[SeededVisit, ...]) -> None:
    """Print everything that somebody needs to hold a visit."""
    console = Console(width=WIDTH, highlight=False, soft_wrap=True)
    console.print()
    console.print(_links(visits))
    console.print(_sign_ins())
    console.print(_how_to_try(visits))


def _links(visits: tuple[SeededVisit, ...]) -> Table:
    table = _table(f"{cast.CLINIC['name']}: personal links of patients")
    for heading in ("Time", "Patient", "Sees", "Link"):
        table.add_column(heading, no_wrap=True)
    zone = ZoneInfo(cast.CLINIC["timezone"])
    for visit in visits:
        encounter = visit.encounter
        starts_at = encounter.appointment.starts_at.astimezone(zone)
        table.add_row(
            f"{starts_at:%H:%M %Z}",
            encounter.patient.full_name,
            encounter.practitioner.display_name,
            address_of(visit.link),
        )
    return table


def _sign_ins() -> Table:
    table = _table("Sign-ins of staff")
    for heading in ("Name", "Email", "Password", "Page"):
        table.add_column(heading, no_wrap=True)
    for staff in (*cast.PRACTITIONERS, cast.DESK):
        name = " ".join(part for part in (staff.prefix, staff.given_name, staff.family_name) if part)
        page = "/staff/appointments/" if staff is cast.DESK else "/staff/queue/"
        table.add_row(name, staff.email, password_of(staff.email), settings.BASE_URL + page)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 3, 0, 0))


def _how_to_try(visits: tuple[SeededVisit, ...]) -> str:
    visit = next(visit for visit in visits if visit.encounter.patient.full_name == cast.VISITS[0].patient)
    patient = visit.encounter.patient.full_name
    return (
        "\nTo try it in two tabs of one browser:\n"
        f"  1. Open the link of {patient} and go to the waiting room.\n"
        f"  2. In the other tab sign in as {visit.encounter.practitioner.display_name} and call {patient} in.\n"
        f"\nHousecall is on {settings.BASE_URL}. Mail appears here. Ctrl-C stops it.\n"
    )
