"""People of one clinic and their signed-in browsers."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Organization, Practitioner, User
from accounts.roles import Role
from tests import factories

SignIn = Callable[[User], Client]


@pytest.fixture
def clinic() -> Organization:
    return factories.make_organization(
        name="Lantern Street Clinic", timezone="America/Chicago", phone="555-0142", is_demo=False
    )


@pytest.fixture
def doctor(clinic: Organization) -> Practitioner:
    return factories.make_practitioner(clinic, prefix="Dr", given_name="Ines", family_name="Marlow")


@pytest.fixture
def sign_in() -> SignIn:
    def enter(user: User) -> Client:
        browser = Client(headers={"host": "127.0.0.1"})
        browser.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
        return browser

    return enter


@pytest.fixture
def stranger() -> Client:
    return Client(headers={"host": "127.0.0.1"})


@pytest.fixture
def doctors_browser(doctor: Practitioner, sign_in: SignIn) -> Client:
    return sign_in(doctor.user)


@pytest.fixture
def desk_browser(clinic: Organization, sign_in: SignIn) -> Client:
    return sign_in(factories.make_user(clinic, Role.FRONT_DESK))
