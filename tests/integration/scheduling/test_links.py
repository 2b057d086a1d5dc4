"""Personal links: what opens one, what its session is worth, and what closes it."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.core import signing
from django.test import Client

from accounts.actors import ANONYMOUS, Actor
from accounts.roles import Role
from audit.models import AuditEvent
from consults.models import Encounter
from core.clock import now
from core.errors import NotFound, RateLimited
from scheduling import tries
from scheduling.links import (
    COOKIE_NAME,
    COOKIE_SECONDS,
    USED_UP_AFTER,
    actor_for_cookie,
    address_of,
    open_link,
    path_of,
    secret_for,
    session_cookie_for,
)
from scheduling.models import Appointment, PersonalLink
from scheduling.selectors import get_link, link_of
from scheduling.services import reissue_link, revoke_link
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def appointment() -> Appointment:
    return make.make_appointment()


@pytest.fixture
def link(appointment: Appointment) -> PersonalLink:
    return appointment.links.get()


@pytest.fixture
def desk(appointment: Appointment) -> Actor:
    return make.staff_actor(Role.FRONT_DESK, organization=appointment.organization)


def come_by(link: PersonalLink, cookie: str, rest: str = "ws") -> Actor:
    return actor_for_cookie(path_of(link) + rest, {COOKIE_NAME: cookie})


def test_open_right_secret_any_number_of_times_writes_nothing_but_the_audit(link: PersonalLink) -> None:
    before = (Encounter.objects.get().status, link.generation)
    for _ in range(3):
        assert open_link(link_uuid=str(link.uuid), secret=secret_for(link))[0] == link
    link.refresh_from_db()
    assert (Encounter.objects.get().status, link.generation) == before
    opened = AuditEvent.objects.filter(action="scheduling.link.open", outcome="success")
    assert [(event.actor_type, event.patient_id) for event in opened] == [("patient", link.patient_id)] * 3


def test_open_is_audited_under_the_session_of_what_follows(client: Client, link: PersonalLink) -> None:
    for browser in (client, client, Client()):
        assert browser.post(f"{path_of(link)}open/", {"secret": secret_for(link)}).status_code == 204
        event = AuditEvent.objects.filter(action="scheduling.link.open").latest("pk")
        assert event.session
        assert event.session == come_by(link, browser.cookies[COOKIE_NAME].value).session
    # Opened once more in the same browser it is the same session, in another one it is not.
    assert AuditEvent.objects.filter(action="scheduling.link.open").values("session").distinct().count() == 2


def test_address_carries_the_secret_in_the_fragment_only(link: PersonalLink, settings: Any) -> None:
    settings.BASE_URL = "https://clinic.example"
    page, _, fragment = address_of(link).partition("#")
    assert page == f"https://clinic.example/v/{link.uuid}/"
    assert fragment == secret_for(link)
    assert len(fragment) == 43
    stored = [str(value) for value in PersonalLink.objects.filter(pk=link.pk).values_list().get()]
    assert not any(fragment in value for value in stored)


@pytest.mark.parametrize("secret", ["", "x", "é" * 43, "A" * 10_000, "\x00"])
def test_open_wrong_secret_is_not_found_and_audited_without_it(link: PersonalLink, secret: str) -> None:
    with pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret=secret)
    event = AuditEvent.objects.get(action="scheduling.link.open")
    assert (event.outcome, event.actor_type, event.detail) == ("refused", "anonymous", {"why": "secret"})


def test_open_unknown_link_looks_like_a_wrong_secret(link: PersonalLink) -> None:
    errors = []
    for link_uuid in (uuid.uuid4(), "no uuid", link.uuid):
        with pytest.raises(NotFound) as refused:
            open_link(link_uuid=link_uuid, secret="wrong")
        errors.append(refused.value.as_dict())
    assert errors[0] == errors[1] == errors[2]
    assert AuditEvent.objects.filter(action="scheduling.link.open", outcome="refused").count() == 3


@pytest.mark.usefixtures("one_moment")
def test_open_wrong_secrets_without_end_are_limited_and_lock_nobody_out(link: PersonalLink) -> None:
    for number in range(3 * tries.MOST_PER_LINK):
        with pytest.raises(NotFound if number < tries.MOST_PER_LINK else RateLimited):
            open_link(link_uuid=link.uuid, secret="wrong", address=f"192.0.2.{number}")
    assert AuditEvent.objects.filter(action="scheduling.link.open").count() == tries.MOST_PER_LINK
    assert open_link(link_uuid=link.uuid, secret=secret_for(link), address="192.0.2.1")[0] == link


@pytest.mark.usefixtures("one_moment")
def test_open_many_links_from_one_address_is_limited_and_locks_nobody_out(link: PersonalLink) -> None:
    for number in range(2 * tries.MOST_PER_ADDRESS):
        with pytest.raises(NotFound if number < tries.MOST_PER_ADDRESS else RateLimited):
            open_link(link_uuid=uuid.uuid4(), secret="wrong", address="192.0.2.1")
    assert AuditEvent.objects.filter(action="scheduling.link.open").count() == tries.MOST_PER_ADDRESS
    assert open_link(link_uuid=link.uuid, secret=secret_for(link), address="192.0.2.1")[0] == link
    with pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret="wrong", address="192.0.2.2")
    with time_machine.travel(now() + dt.timedelta(seconds=tries.WINDOW_SECONDS)), pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret="wrong", address="192.0.2.1")


@pytest.mark.usefixtures("one_moment")
def test_posted_secret_is_limited_by_the_address_it_comes_from(client: Client, link: PersonalLink) -> None:
    def post(secret: str, address: str) -> int:
        return client.post(f"{path_of(link)}open/", {"secret": secret}, REMOTE_ADDR=address).status_code

    for number in range(tries.MOST_PER_ADDRESS):
        client.post(f"/v/{uuid.uuid4()}/open/", {"secret": "wrong"}, REMOTE_ADDR=f"2001:db8::{number:x}")
    assert post("wrong", "2001:db8::ffff") == 429
    assert post("wrong", "2001:db8:0:1::1") == 404
    assert post(secret_for(link), "2001:db8::ffff") == 204


def test_open_secret_of_another_visit_is_refused(link: PersonalLink) -> None:
    other = make.make_appointment(patient=link.patient, starts_at=now() + dt.timedelta(days=1)).links.get()
    with pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret=secret_for(other))
    assert open_link(link_uuid=other.uuid, secret=secret_for(other))[0] == other


def test_secret_under_the_former_key_still_opens_and_under_a_strange_one_does_not(
    link: PersonalLink, settings: Any
) -> None:
    old = secret_for(link)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert secret_for(link) != old
    assert open_link(link_uuid=link.uuid, secret=old)[0] == link
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret=old)


def test_session_is_the_patient_under_its_own_path_and_nobody_elsewhere(link: PersonalLink) -> None:
    cookie = session_cookie_for(link)
    actor = come_by(link, cookie)
    assert (actor.type, actor.patient_id, actor.link_id) == ("patient", link.patient_id, link.pk)
    assert actor.roles == {Role.PATIENT}
    assert actor.session
    other = make.make_appointment(patient=link.patient, starts_at=now() + dt.timedelta(days=1)).links.get()
    assert come_by(other, cookie) == ANONYMOUS
    for path in ("/staff/queue/", f"/v/{link.uuid}", "/v/junk/", f"/x{path_of(link)}", path_of(link).upper()):
        assert actor_for_cookie(path, {COOKIE_NAME: cookie}) == ANONYMOUS


def test_two_sessions_of_one_link_are_told_apart_in_the_audit(link: PersonalLink) -> None:
    one, two = session_cookie_for(link), session_cookie_for(link)
    assert come_by(link, one).session != come_by(link, two).session
    assert come_by(link, one).session == come_by(link, one, "consent/").session


@pytest.mark.parametrize("spoil", [lambda c: c[:-1] + ("A" if c[-1] != "A" else "B"), lambda c: "", lambda c: c[::-1]])
def test_session_changed_by_hand_is_nobody(link: PersonalLink, spoil: Any) -> None:
    cookie = session_cookie_for(link)
    assert come_by(link, cookie) != ANONYMOUS
    assert come_by(link, spoil(cookie)) == ANONYMOUS


def test_session_signed_for_another_purpose_is_nobody(link: PersonalLink) -> None:
    forged = signing.dumps({"link": link.uuid.hex, "generation": 1, "session": "x"}, salt="elsewhere")
    assert come_by(link, forged) == ANONYMOUS


def test_session_counts_for_a_day(link: PersonalLink) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        cookie = session_cookie_for(link)
        clock.shift(COOKIE_SECONDS - 1)
        assert come_by(link, cookie) != ANONYMOUS
        clock.shift(2)
        assert come_by(link, cookie) == ANONYMOUS


def test_link_opens_for_a_month_after_its_visit_and_then_is_used_up(link: PersonalLink) -> None:
    with time_machine.travel(link.appointment.ends_at + USED_UP_AFTER, tick=False) as clock:
        assert open_link(link_uuid=link.uuid, secret=secret_for(link))[0] == link
        cookie = session_cookie_for(link)
        assert come_by(link, cookie) != ANONYMOUS
        clock.shift(1)
        assert come_by(link, cookie) == ANONYMOUS
        with pytest.raises(NotFound):
            open_link(link_uuid=link.uuid, secret=secret_for(link))
    assert AuditEvent.objects.get(outcome="refused").detail == {"why": "used up"}


def test_reissue_closes_the_old_secret_and_its_sessions_and_opens_by_the_new(link: PersonalLink, desk: Actor) -> None:
    old, cookie = secret_for(link), session_cookie_for(link)
    link = reissue_link(actor=desk, link=link)
    assert come_by(link, cookie) == ANONYMOUS
    with pytest.raises(NotFound):
        open_link(link_uuid=link.uuid, secret=old)
    assert open_link(link_uuid=link.uuid, secret=secret_for(link))[0] == link
    assert come_by(link, session_cookie_for(link)) != ANONYMOUS


def test_revoke_closes_it_until_it_is_reissued(link: PersonalLink, desk: Actor) -> None:
    secret, actor = secret_for(link), come_by(link, cookie := session_cookie_for(link))
    link = revoke_link(actor=desk, link=link)
    assert come_by(link, cookie) == ANONYMOUS
    for refused in (lambda: open_link(link_uuid=link.uuid, secret=secret), lambda: get_link(actor)):
        with pytest.raises(NotFound):
            refused()
    link = reissue_link(actor=desk, link=link)
    assert open_link(link_uuid=link.uuid, secret=secret_for(link))[0] == link


def test_revoke_in_the_waiting_room_empties_the_seat_and_refuses_the_old_actor() -> None:
    from consults.services import take_seat

    visit = make.make_waiting_visit()
    actor = make.patient_actor(visit.appointment)
    desk = make.staff_actor(Role.FRONT_DESK, organization=visit.organization)
    version = visit.room_version
    revoke_link(actor=desk, link=visit.appointment.links.get())
    visit.refresh_from_db()
    assert visit.room_version > version
    assert not visit.seats.filter(left_at=None).exists()
    with pytest.raises(NotFound):
        take_seat(actor=actor, encounter=visit, holder=uuid.uuid4())


def test_link_reissue_revoke_and_view_by_whom_follow_the_table(link: PersonalLink, desk: Actor) -> None:
    appointment = link.appointment
    strangers = [
        make.patient_actor(appointment),
        make.practitioner_actor(make.make_practitioner(appointment.organization)),
        make.staff_actor(Role.FRONT_DESK),
        make.staff_actor(Role.PRIVACY_OFFICER, organization=appointment.organization),
        ANONYMOUS,
    ]
    for stranger in strangers:
        for act in (reissue_link, revoke_link):
            with pytest.raises(NotFound):
                act(actor=stranger, link=link)
        with pytest.raises(NotFound):
            link_of(stranger, appointment)
    link.refresh_from_db()
    assert (link.generation, link.revoked_at) == (1, None)
    assert link_of(desk, appointment) == link
    assert reissue_link(actor=make.practitioner_actor(appointment.practitioner), link=link).generation == 2


def test_link_of_a_cancelled_visit_still_opens_to_say_so(link: PersonalLink, desk: Actor) -> None:
    from consults.selectors import get_visit
    from scheduling.services import cancel_appointment

    cancel_appointment(actor=desk, appointment=link.appointment, reason="")
    assert open_link(link_uuid=link.uuid, secret=secret_for(link))[0] == link
    assert get_visit(come_by(link, session_cookie_for(link))).status == "cancelled"
