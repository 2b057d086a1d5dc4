"""Personal links: their secrets, addresses and sessions. The page and the form that posts a secret live in consults.

The secret is an HMAC over the link's id and generation, so nothing that is stored opens a visit, and raising the
generation closes every copy of the old one. The session it opens is a signed cookie that counts under /v/<link>/ only.
"""

import base64
import datetime as dt
import re
import secrets
import uuid as uuids
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.actors import ANONYMOUS, Actor, session_digest
from accounts.roles import Role
from audit.services import record
from consent.models import Purpose
from consent.selectors import right_of
from core.clock import now, today
from core.errors import NotFound, RateLimited
from scheduling import tries
from scheduling.models import Guest, PersonalLink

PATH_PREFIX = "/v/"
COOKIE_NAME = "hc_visit"
COOKIE_SECONDS = 24 * 60 * 60
# What cannot be taken back asks for the secret once more: it must have been posted so lately.
FRESH_SECONDS = 5 * 60
# For so long after the visit its link still says how it ended; then it is used up.
USED_UP_AFTER = dt.timedelta(days=30)

_SECRET_SALT = "scheduling.links.secret"  # noqa: S105  names the purpose, opens nothing
_COOKIE_SALT = "scheduling.links.session"
_PATH = re.compile(r"^/v/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/")


def secret_for(link: PersonalLink) -> str:
    """The secret of the link's present generation: 43 letters that fit a URL fragment."""
    return _secret(link.uuid, link.generation, settings.SECRET_KEY)


def path_of(link: PersonalLink) -> str:
    """Where the person's page, forms and socket live; also the path of their cookie."""
    return f"{PATH_PREFIX}{link.uuid}/"


def address_of(link: PersonalLink) -> str:
    """The whole address to hand over. The secret is in the fragment: no server, log or Referer sees it."""
    return f"{settings.BASE_URL.rstrip('/')}{path_of(link)}#{secret_for(link)}"


def open_link(
    *, link_uuid: uuids.UUID | str, secret: str, address: str = "", cookie: str = ""
) -> tuple[PersonalLink, str]:
    """Return the link that `secret` opens and the cookie of its session, else raise NotFound.

    A browser that opens it once more goes on with the session of its `cookie`, and with what that has shown by a code;
    any other has a new one. Audited either way, with the session that later events of the same person carry; changes
    nothing else.

    The right secret may be used any number of times: a mail scanner that runs scripts uses nothing up, and whoever
    tries wrong ones locks nobody out. After too many of those, by link or by `address`, the answer is RateLimited,
    and no more of them are recorded.
    """
    link = _find(link_uuid)
    expected = _possible_secrets(link) if link else [_secret(uuids.uuid4(), 0, settings.SECRET_KEY)]
    # Every comparison is made, for an absent link too: the time taken tells nothing.
    fits = [constant_time_compare(secret, one) for one in expected]
    why = "absent" if link is None else _closed_because(link) if any(fits) else "secret"
    if link is None or why:
        _refuse(link, str(link_uuid), address, why)
        raise NotFound
    session = _same_session(link, cookie) or _new_session()
    actor = actor_of(link, session_digest(session))
    record(actor=actor, action="scheduling.link.open", entity=link, patient_id=link.patient_id)
    return link, session_cookie_for(link, session)


def session_cookie_for(link: PersonalLink, session: str = "") -> str:
    """The value of a session of this link, a new one unless named; `set_session` gives it to a browser."""
    content = {"link": link.uuid.hex, "generation": link.generation, "session": session or _new_session()}
    return signing.dumps(content, salt=_COOKIE_SALT)


def set_session(response: HttpResponseBase, link: PersonalLink, cookie: str, *, is_secure: bool) -> None:
    """Give the browser a session of this link: under its path only, and out of the reach of scripts."""
    response.set_cookie(
        COOKIE_NAME,
        cookie,
        max_age=COOKIE_SECONDS,
        path=path_of(link),
        httponly=True,
        samesite="Lax",
        secure=is_secure,
    )


def actor_for_cookie(path: str, cookies: Mapping[str, str]) -> Actor:
    """The patient or guest whose session this is, read afresh from the database; ANONYMOUS for anything else."""
    session = _session_in(path, cookies)
    link = _find(session.link) if session is not None else None
    if session is None or link is None or not _is_standing(link, session):
        return ANONYMOUS
    return actor_of(link, session.digest)


def patients_for_cookies(asked: Sequence[tuple[str, Mapping[str, str]]]) -> list[tuple[Actor, PersonalLink] | None]:
    """The same for many at once, by path and cookies, in one query: each patient with their link, its appointment read.

    None for guests and for whoever has no visit for one by a standing link: they are asked for one by one.
    """
    sessions = [_session_in(path, cookies) for path, cookies in asked]
    rows = PersonalLink.objects.select_related("patient", "appointment")
    wanted = {session.link for session in sessions if session is not None}
    links = {link.uuid: link for link in rows.filter(uuid__in=wanted, guest=None, revoked_at=None)}
    found: list[tuple[Actor, PersonalLink] | None] = []
    for session in sessions:
        link = links.get(session.link) if session is not None else None
        is_theirs = session is not None and link is not None and _is_standing(link, session)
        found.append((actor_of(link, session.digest), link) if is_theirs and link and session else None)
    return found


class _Session(NamedTuple):
    """What a cookie says whose signature is ours."""

    link: uuids.UUID
    generation: int
    digest: str


def _session_in(path: str, cookies: Mapping[str, str]) -> _Session | None:
    match = _PATH.match(path)
    cookie = cookies.get(COOKIE_NAME)
    if match is None or not cookie:
        return None
    try:
        said = signing.loads(cookie, salt=_COOKIE_SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return None
    # The signature vouches for the shape: only session_cookie_for makes such values.
    link = uuids.UUID(match[1])
    if said["link"] != link.hex:
        return None
    return _Session(link, said["generation"], session_digest(said["session"]))


def _is_standing(link: PersonalLink, session: _Session) -> bool:
    return not _closed_because(link) and link.generation == session.generation


def was_opened_lately(path: str, cookies: Mapping[str, str]) -> bool:
    """Whether the secret of this very link was proven within five minutes. Whose session it is, others have asked."""
    try:
        session = signing.loads(cookies.get(COOKIE_NAME, ""), salt=_COOKIE_SALT, max_age=FRESH_SECONDS)
    except signing.BadSignature:
        return False
    match = _PATH.match(path)
    return match is not None and session["link"] == uuids.UUID(match[1]).hex


def _same_session(link: PersonalLink, cookie: str) -> str:
    """The session of this very link that a browser has already; empty when it has none that counts."""
    if _session_in(path_of(link), {COOKIE_NAME: cookie}) is None:
        return ""
    said = signing.loads(cookie, salt=_COOKIE_SALT)
    return str(said["session"]) if said["generation"] == link.generation else ""


def _new_session() -> str:
    return secrets.token_hex(16)


def _refuse(link: PersonalLink | None, link_uuid: str, address: str, why: str) -> None:
    """Record a wrong try while its share lasts; then raise RateLimited."""
    if not tries.may_fail(link_uuid, address):
        raise RateLimited
    record(
        actor=ANONYMOUS,
        action="scheduling.link.open",
        entity=link,
        patient_id=link.patient_id if link else None,
        outcome="refused",
        detail={"why": why},
    )


def actor_of(link: PersonalLink, session: str) -> Actor:
    """Whoever comes by it: `id` in seats and answers for good; `patient_id` is who the clinic knows that is."""
    if link.guest is not None:
        return _guest_of(link, link.guest, session)
    return Actor(
        type="patient",
        id=link.patient_id,
        label=link.patient.full_name,
        organization_id=link.organization_id,
        roles=frozenset({Role.PATIENT}),
        session=session,
        patient_id=link.patient.merged_into_id or link.patient_id,
        link_id=link.pk,
    )


def _guest_of(link: PersonalLink, guest: Guest, session: str) -> Actor:
    """A guest is no patient: nothing that is the patient's own is theirs. Who may agree for the patient today does so
    by this link, and by that opens the door for them."""
    patient = link.patient.merged_into or link.patient
    agrees = guest.related_id is not None and not link.appointment.is_group
    right = right_of(guest.related_id, patient, Purpose.TELEHEALTH) if agrees else None
    return Actor(
        type="guest",
        id=guest.pk,
        label=guest.name,
        organization_id=link.organization_id,
        roles=frozenset({Role.GUEST, Role.RELATED_PERSON} if right else {Role.GUEST}),
        session=session,
        link_id=link.pk,
        related_id=guest.related_id,
        for_patient_id=patient.pk if right else None,
    )


def _closed_because(link: PersonalLink) -> str:
    """Why the link opens nothing any more; empty while it does."""
    if link.revoked_at is not None or (link.guest is not None and link.guest.removed_at is not None):
        return "revoked"
    if link.guest is not None and link.guest.is_over(now(), today(link.organization.timezone)):
        return "ended"
    return "used up" if now() > link.appointment.ends_at + USED_UP_AFTER else ""


def _find(link_uuid: uuids.UUID | str) -> PersonalLink | None:
    try:
        uuid = link_uuid if isinstance(link_uuid, uuids.UUID) else uuids.UUID(link_uuid)
    except ValueError:
        return None
    rows = PersonalLink.objects.select_related("organization", "patient__merged_into", "guest__related", "appointment")
    return rows.filter(uuid=uuid).first()


def _possible_secrets(link: PersonalLink) -> list[str]:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_secret(link.uuid, link.generation, key) for key in keys]


def _secret(uuid: uuids.UUID, generation: int, key: str | bytes) -> str:
    digest = salted_hmac(_SECRET_SALT, f"{uuid.hex}:{generation}", secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
