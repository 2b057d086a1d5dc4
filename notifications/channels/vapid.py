"""The key by which push services know this house (RFC 8292): made once, readable by its owner only."""

import base64
import os
import secrets
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from py_vapid import Vapid02


def key() -> Vapid02:
    """The key in `settings.VAPID_KEY_FILE`; written first if absent. Lost, every browser has to be asked anew."""
    return _read(Path(settings.VAPID_KEY_FILE))


def public_key() -> str:
    """What a browser is told when it is asked: it lets nobody else send there."""
    point = key().public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def claims() -> dict[str, str | int]:
    """Whom a push service may write to when something is wrong: the clinic's own address."""
    if urlsplit(settings.BASE_URL).scheme == "https":
        return {"sub": settings.BASE_URL}
    return {"sub": "mailto:no-reply@localhost"}


@lru_cache(maxsize=8)
def _read(path: Path) -> Vapid02:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _publish(path)
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return Vapid02(private)


def _publish(path: Path) -> None:
    """Written aside and then linked into place: of two processes that start at once both read one whole key."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
