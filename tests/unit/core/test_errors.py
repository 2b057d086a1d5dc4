"""Errors carry a stable code, a status and a plain sentence."""

import pytest

from core.errors import Conflict, HousecallError, IllegalTransition, Invalid, NotFound, RateLimited


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (NotFound, "not_found", 404),
        (Invalid, "invalid", 422),
        (Conflict, "conflict", 409),
        (IllegalTransition, "illegal_transition", 409),
        (RateLimited, "rate_limited", 429),
    ],
)
def test_error_without_words_says_its_own(kind: type[HousecallError], code: str, status: int) -> None:
    error = kind()
    assert (error.code, error.status) == (code, status)
    assert error.as_dict() == {"code": code, "message": kind.message}
    assert error.message.endswith(".")


def test_error_with_words_code_and_extra_says_them() -> None:
    error = Conflict("That time is taken.", code="slot.taken", free=["09:00"])
    assert error.status == 409
    assert error.as_dict() == {"code": "slot.taken", "message": "That time is taken.", "free": ["09:00"]}
    assert str(error) == "That time is taken."


def test_illegal_transition_is_a_conflict() -> None:
    assert issubclass(IllegalTransition, Conflict)
