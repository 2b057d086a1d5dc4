"""Whoever is shut out is out of their open sockets at once, long before a heartbeat would find it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import services
from accounts.models import User
from accounts.roles import Role
from signaling.limits import Timing
from tests.factories import PASSWORD, SYSTEM
from tests.integration.signaling.house import Visit, do, signed_in, sockets

pytestmark = pytest.mark.django_db(transaction=True)


def disable(user: User) -> None:
    services.disable_user(actor=SYSTEM, user=user)


def withdraw_role(user: User) -> None:
    for role in (Role.PRACTITIONER, Role.FRONT_DESK):
        services.withdraw_role(actor=SYSTEM, user=user, role=role)


def change_password(user: User) -> None:
    """In a browser that is signed in for itself."""
    elsewhere, new = Client(), "another horse, another battery"
    elsewhere.force_login(user)
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert elsewhere.post("/accounts/password/change/", form).status_code == 302


@pytest.fixture
def app() -> Any:
    """Sockets whose heartbeat would find it out tomorrow."""
    return sockets(timing=Timing(ping_every=86_400.0, touch_every=86_400.0))


@pytest.mark.parametrize("change", [disable, withdraw_role, change_password])
async def test_changed_access_closes_the_users_sockets_at_once_and_no_others(
    visit: Visit, app: Any, doctor: Any, change: Callable[[User], None]
) -> None:
    await do(visit.begin)
    call = await visit.doctor_page(app, headers=doctor).enter()
    own_board = await visit.board(app, headers=await do(signed_in, visit.doctor)).open()
    desk_board = await visit.board(app, headers=await do(signed_in, visit.desk)).open()
    for board in (own_board, desk_board):
        await board.hear("queue")
    await do(change, visit.doctor)
    assert await call.closed() == 4003
    assert await own_board.closed() == 4003
    await desk_board.say("ping", n=1)
    assert (await desk_board.hear("pong"))["n"] == 1
    await do(change, visit.desk)
    assert await desk_board.closed() == 4003


async def test_role_that_the_page_does_not_need_is_taken_without_closing_it(
    visit: Visit, app: Any, doctor: Any
) -> None:
    await do(services.assign_role, actor=SYSTEM, user=visit.doctor, organization=visit.encounter.organization,
             role=Role.SCHEDULER)  # fmt: skip
    board = await visit.board(app, headers=doctor).open()
    await board.hear("queue")
    await do(services.withdraw_role, actor=SYSTEM, user=visit.doctor, role=Role.SCHEDULER)
    await board.say("ping", n=1)
    assert (await board.hear("pong"))["n"] == 1
