"""The secret links by which people on the wait list come back: like personal links (links.py), under /wait/<entry>/.

The secret is an HMAC over the entry's id and generation and stands nowhere; it travels in the address's fragment only.
"""

import base64
import re
import secrets
import uuid as uuids
from collections.abc import Mapping

from django.conf import settings
from django.core import signing
from django.http import HttpResponseBase
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.actors import ANONYMOUS, Actor, session_digest
from accounts.roles import Role
from audit.services import record
from core.errors import NotFound, RateLimited
from scheduling import tries
from scheduling.models import WaitListEntry

PATH_PREFIX = "/wait/"
COOKIE_NAME = "hc_wait"
COOKIE_SECONDS = 24 * 60 * 60

_SECRET_SALT = "scheduling.waitlinks.secret"  # noqa: S105  names the purpose, opens nothing
_COOKIE_SALT = "scheduling.waitlinks.session"
_PATH = re.compile(r"^/wait/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/")


def path_of(entry: WaitListEntry) -> str:
    return f"{PATH_PREFIX}{entry.uuid}/"


def address_of(entry: WaitListEntry) -> str:
    """The whole address to hand over; the secret is in the fragment."""
    return f"{settings.BASE_URL.rstrip('/')}{path_of(entry)}#{secret_for(entry)}"


def secret_for(entry: WaitListEntry) -> str:
    return _secret(entry.uuid, entry.generation, settings.SECRET_KEY)


def open_entry(*, uuid: uuids.UUID | str, secret: str, address: str = "") -> tuple[WaitListEntry, str]:
    """Return the entry that `secret` opens and the cookie of its new session, else raise NotFound. Audited either way.

    The right secret may be used any number of times; wrong ones are counted as those of personal links are.
    """
    entry = _find(uuid)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    whose = (entry.uuid, entry.generation) if entry else (uuids.uuid4(), 0)
    # Every comparison is made, for an absent entry too: the time taken tells nothing.
    fits = [constant_time_compare(secret, _secret(*whose, key)) for key in keys]
    if entry is None or not any(fits):
        _refuse(entry, str(uuid), address)
        raise NotFound
    cookie = session_cookie_for(entry)
    record(actor=_actor_of(entry, ""), action="scheduling.wait.open", entity=entry, patient_id=entry.patient_id)
    return entry, cookie


def session_cookie_for(entry: WaitListEntry) -> str:
    content = {"entry": entry.uuid.hex, "generation": entry.generation, "session": secrets.token_hex(16)}
    return signing.dumps(content, salt=_COOKIE_SALT)


def set_session(response: HttpResponseBase, entry: WaitListEntry, cookie: str, *, is_secure: bool) -> None:
    """Give the browser a session of this entry, under its path only."""
    response.set_cookie(
        COOKIE_NAME,
        cookie,
        max_age=COOKIE_SECONDS,
        path=path_of(entry),
        httponly=True,
        samesite="Lax",
        secure=is_secure,
    )


def actor_for_cookie(path: str, cookies: Mapping[str, str]) -> Actor:
    """The person of this entry, read afresh from the database; ANONYMOUS for anything else."""
    match = _PATH.match(path)
    cookie = cookies.get(COOKIE_NAME)
    if match is None or not cookie:
        return ANONYMOUS
    try:
        session = signing.loads(cookie, salt=_COOKIE_SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return ANONYMOUS
    if session["entry"] != uuids.UUID(match[1]).hex:
        return ANONYMOUS
    entry = _find(match[1])
    if entry is None or entry.generation != session["generation"]:
        return ANONYMOUS
    return _actor_of(entry, session_digest(session["session"]))


def _actor_of(entry: WaitListEntry, session: str) -> Actor:
    return Actor(
        type="patient",
        id=entry.patient_id,
        label=entry.patient.full_name,
        organization_id=entry.organization_id,
        roles=frozenset({Role.PATIENT}),
        session=session,
        patient_id=entry.patient_id,
        wait_id=entry.pk,
    )


def _refuse(entry: WaitListEntry | None, uuid: str, address: str) -> None:
    if not tries.may_fail(uuid, address):
        raise RateLimited
    record(
        actor=ANONYMOUS,
        action="scheduling.wait.open",
        entity=entry,
        patient_id=entry.patient_id if entry else None,
        outcome="refused",
        detail={"why": "secret" if entry else "absent"},
    )


def _find(uuid: uuids.UUID | str) -> WaitListEntry | None:
    return WaitListEntry.objects.select_related("patient").filter(uuid=uuid).first()


def _secret(uuid: uuids.UUID, generation: int, key: str | bytes) -> str:
    digest = salted_hmac(_SECRET_SALT, f"{uuid.hex}:{generation}", secret=key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
