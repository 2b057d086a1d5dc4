"""Credentials for the TURN server, for browsers whose network lets no UDP through. The server itself is coturn's part.

They are what coturn calls REST credentials (`use-auth-secret`): nothing is stored, both sides know the secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any
from uuid import UUID

from django.conf import settings


def credentials(name: str, *, secret: str, expires_at: int) -> tuple[str, str]:
    """User name and password of `name` until `expires_at` (Unix time). HMAC-SHA1 is what coturn computes."""
    username = f"{expires_at}:{name}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


def ice_servers(seat: UUID, *, seconds: int | None = None) -> list[dict[str, Any]]:
    """RTCIceServer dictionaries for one seat, good for `TURN_TTL` or `seconds`; none without a server."""
    if not settings.TURN_URLS:
        return []
    expires_at = int(time.time() + (settings.TURN_TTL.total_seconds() if seconds is None else seconds))
    username, credential = credentials(str(seat), secret=settings.TURN_SECRET, expires_at=expires_at)
    return [{"urls": list(settings.TURN_URLS), "username": username, "credential": credential}]
