"""Where notifications for browsers may go: to the known push services alone, and with keys that are ones. Pure."""

import base64
import binascii
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

LONGEST = 800


def is_push_service(endpoint: str) -> bool:
    """Whether a push service of `settings.PUSH_HOSTS` answers there, over HTTPS.

    An endpoint comes from a browser, so from anybody: without this, whoever likes could have us ask any address.
    """
    if len(endpoint) > LONGEST or not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' \\"<>'):
        return False
    try:
        parts = urlsplit(endpoint)
        port = parts.port or 443
    except ValueError:
        return False
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    host = (parts.hostname or "").lower()
    return any(_is_one(host, port, known) for known in settings.PUSH_HOSTS)


def are_keys(p256dh: str, auth: str) -> bool:
    """Whether these are a point of P-256 and sixteen bytes, as RFC 8291 has them."""
    point, secret = _decoded(p256dh), _decoded(auth)
    if len(secret) != 16 or len(point) != 65:
        return False
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


def _is_one(host: str, port: int, known: str) -> bool:
    name, _, its_port = known.partition(":")
    if port != int(its_port or 443):
        return False
    if name.startswith("*."):
        label = host.removesuffix(name[1:])
        return label != host and label.replace("-", "").isalnum()
    return host == name


def _decoded(text: str) -> bytes:
    bare = text.rstrip("=")
    if not bare.isascii() or len(bare) > 120:
        return b""
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
