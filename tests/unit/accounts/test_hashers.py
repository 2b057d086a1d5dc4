"""Argon2 runs at most four times at once in a process."""

import threading

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.hashers import AT_ONCE, BoundedArgon2PasswordHasher


def test_hasher_verifies_what_it_encoded_and_nothing_else() -> None:
    hasher = BoundedArgon2PasswordHasher()
    encoded = hasher.encode("a long pass phrase", hasher.salt())
    assert encoded.startswith("argon2$argon2id$")
    assert hasher.verify("a long pass phrase", encoded)
    assert not hasher.verify("another pass phrase", encoded)


@pytest.mark.parametrize("method", ["encode", "verify"])
def test_hasher_under_many_at_once_runs_four(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every slot is taken by a hash that waits; the fifth gets in only once one of them is done."""
    inside = threading.Semaphore(0)
    let_go = threading.Semaphore(0)

    def slow(*_: object) -> str:
        inside.release()
        assert let_go.acquire(timeout=30)
        return ""

    monkeypatch.setattr(Argon2PasswordHasher, method, slow)
    work = getattr(BoundedArgon2PasswordHasher(), method)
    threads = [threading.Thread(target=work, args=("a", "b")) for _ in range(AT_ONCE + 1)]
    for thread in threads:
        thread.start()
    for _ in range(AT_ONCE):
        assert inside.acquire(timeout=30)
    assert not inside.acquire(blocking=False)
    let_go.release()
    assert inside.acquire(timeout=30)
    let_go.release(AT_ONCE)
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
