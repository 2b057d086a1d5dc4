"""Who is acting: a signed-in user, the holder of a personal link, the system, or nobody we know.

Pages and sockets get their actor here. Under a prefix that an app has registered (the personal links), only that
app's resolver decides, and the staff session is ignored.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie

from accounts.models import User
from accounts.roles import STAFF, Role
from accounts.sessions import SessionStore

ActorType = Literal["user", "patient", "guest", "system", "anonymous"]


@dataclass(frozen=True)
class Actor:
    """`id` is the user's, the patient's or the guest's row id; `session` is a digest, never the key of a session."""

    type: ActorType
    id: int | None
    label: str
    organization_id: int | None
    roles: frozenset[Role]
    session: str
    user_id: int | None = None
    practitioner_id: int | None = None
    patient_id: int | None = None
    link_id: int | None = None
    wait_id: int | None = None
    # A guest who is a related person of the patient; and the patient for whom they may agree to this visit, now.
    related_id: int | None = None
    for_patient_id: int | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.type == "anonymous"

    @property
    def came_by_link(self) -> bool:
        """Known by a personal link alone: what it leads to is theirs, and nothing else of the clinic is there."""
        return self.type in {"patient", "guest"}

    @property
    def is_patients_side(self) -> bool:
        """The patient, or who agrees for them: whoever opens the door, waits in line and goes in."""
        return self.type == "patient" or self.for_patient_id is not None

    @property
    def is_staff(self) -> bool:
        return bool(self.roles & STAFF)


ANONYMOUS = Actor("anonymous", None, "Anonymous", None, frozenset(), "")

# A row for each role, or one without any; the others repeat in each.
_STANDING = (
    "role_assignments__role",
    "role_assignments__organization_id",
    "practitioner__pk",
    "practitioner__organization_id",
    "patient__pk",
    "patient__organization_id",
)

PathResolver = Callable[[str, Mapping[str, str]], Actor]
_path_resolvers: dict[str, PathResolver] = {}


def system_actor(label: str, organization_id: int | None) -> Actor:
    """The house itself: seeding, scheduled jobs, commands. Never made from a request."""
    return Actor("system", None, label, organization_id, frozenset(), "")


def actor_for_user(user: Any, session_key: str | None) -> Actor:
    """The actor of a sign-in. A disabled user, or one without a clinic, is nobody."""
    if not isinstance(user, User) or not user.is_active or user.organization_id is None:
        return ANONYMOUS
    organization_id = user.organization_id
    roles, practitioner_id, patient_id = _standing_of(user.pk, organization_id)
    return Actor(
        type="user",
        id=user.pk,
        label=user.name,
        organization_id=organization_id,
        roles=roles,
        session=session_digest(session_key),
        user_id=user.pk,
        practitioner_id=practitioner_id,
        patient_id=patient_id,
    )


def session_digest(session_key: str | None) -> str:
    """What may be kept and logged of a session: it tells two sessions apart and opens none."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:24] if session_key else ""


def register_path_actor(prefix: str, resolver: PathResolver) -> None:
    """Under `prefix`, `resolver(path, cookies)` alone says who acts."""
    _path_resolvers[prefix] = resolver


def is_path_actor(path: str) -> bool:
    return _resolver_for(path) is not None


def actor_for_request(request: HttpRequest) -> Actor:
    if resolver := _resolver_for(request.path_info):
        return resolver(request.path_info, request.COOKIES)
    actor = actor_for_user(request.user, request.session.session_key)
    # A request counts as activity, and so does a socket that is still open when it is looked at again.
    request.session.keep_alive()  # type: ignore[attr-defined]
    return actor


def actor_for_scope(scope: Mapping[str, Any]) -> Actor:
    """The actor of a socket, read afresh from the database at each call; synchronous.

    Sessions that were ended, users that were disabled and links that were revoked since the handshake are seen.
    """
    cookies = cookies_of(scope)
    path = str(scope["path"])
    if resolver := _resolver_for(path):
        return resolver(path, cookies)
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if not key:
        return ANONYMOUS
    request = HttpRequest()
    request.session = SessionStore(key)
    actor = actor_for_user(get_user(request), key)
    request.session.keep_alive()
    return actor


def cookies_of(scope: Mapping[str, Any]) -> dict[str, str]:
    """What a socket's handshake sent."""
    lines = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"cookie"]
    return parse_cookie("; ".join(lines))


def _resolver_for(path: str) -> PathResolver | None:
    return next((resolver for prefix, resolver in _path_resolvers.items() if path.startswith(prefix)), None)


def _standing_of(user_id: int, organization_id: int) -> tuple[frozenset[Role], int | None, int | None]:
    """What the user is in their clinic: roles, practitioner, patient. One query, as every request asks it; what they
    are elsewhere is left out afterwards."""
    rows = list(User.objects.filter(pk=user_id).order_by().values_list(*_STANDING))
    roles = frozenset(Role(role) for role, clinic, *_ in rows if clinic == organization_id)
    practitioner_id, patient_id = (
        next((row[at] for row in rows if row[at + 1] == organization_id), None) for at in (2, 4)
    )
    return roles, practitioner_id, patient_id
