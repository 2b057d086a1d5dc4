"""Things for tests to act on, made by the services that make them in life. Each call makes a new one."""

from datetime import date
from itertools import count
from typing import Any

from accounts import services as accounts
from accounts.actors import Actor, actor_for_user, system_actor
from accounts.models import Organization, Patient, Practitioner, User
from accounts.roles import Role

PASSWORD = "correct horse battery staple"
SYSTEM = system_actor("tests", None)
_numbers = count(1)


def make_organization(**fields: Any) -> Organization:
    number = next(_numbers)
    fields = {"name": f"Clinic {number}", "slug": f"clinic-{number}", "phone": "+441632960000", **fields}
    return accounts.create_organization(actor=SYSTEM, **fields)


def make_user(organization: Organization | None = None, *roles: Role, **fields: Any) -> User:
    """A user of the clinic (a new one unless given) with the roles; the password is PASSWORD."""
    number = next(_numbers)
    organization = organization or make_organization()
    fields = {"email": f"person{number}@example.org", "name": f"Person {number}", "password": PASSWORD, **fields}
    user = accounts.create_user(actor=SYSTEM, organization=organization, **fields)
    for role in roles:
        accounts.assign_role(actor=SYSTEM, user=user, organization=organization, role=role)
    return user


def make_patient(organization: Organization | None = None, **fields: Any) -> Patient:
    number = next(_numbers)
    fields = {
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "birth_date": date(1980, 2, 3),
        **fields,
    }
    return accounts.register_patient(actor=SYSTEM, organization=organization or make_organization(), **fields)


def make_practitioner(organization: Organization | None = None, **fields: Any) -> Practitioner:
    """A practitioner with a user who has the role."""
    number = next(_numbers)
    organization = organization or make_organization()
    user = fields.pop("user", None) or make_user(organization)
    fields = {"prefix": "Dr", "given_name": f"Given{number}", "family_name": f"Healer{number}", **fields}
    return accounts.register_practitioner(actor=SYSTEM, organization=organization, user=user, **fields)


def staff_actor(*roles: Role, organization: Organization | None = None) -> Actor:
    """The actor of a signed-in member of staff with these roles."""
    return actor_for_user(make_user(organization, *roles), "session of a test")


def practitioner_actor(practitioner: Practitioner) -> Actor:
    return actor_for_user(practitioner.user, "session of a test")
