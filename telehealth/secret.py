"""The installation's secret key file: made once, readable by its owner only."""

import os
import secrets
import time
from pathlib import Path


def read_or_create(path: Path) -> str:
    """The secret in `path`; written first if absent. Two processes that start at once agree on one secret.

    The whole secret is written aside and then linked into place: a link either appears complete or fails because
    somebody was faster, so nobody ever reads half of it.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _publish(secrets.token_urlsafe(48), path)
    return path.read_text(encoding="ascii").strip()


def _publish(secret: str, path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
