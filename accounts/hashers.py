"""Password hashing: Argon2, and never so many at once that they starve a running visit of memory."""

import threading
from typing import Any

from django.contrib.auth.hashers import Argon2PasswordHasher

AT_ONCE = 4
_slots = threading.BoundedSemaphore(AT_ONCE)


class BoundedArgon2PasswordHasher(Argon2PasswordHasher):
    """A hash takes 100 MiB and a core for a tenth of a second; a flood of sign-ins waits here instead."""

    def encode(self, password: str, salt: str, *args: Any) -> str:
        with _slots:
            return super().encode(password, salt, *args)

    def verify(self, password: str, encoded: str) -> bool:
        with _slots:
            return super().verify(password, encoded)
