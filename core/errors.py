"""The errors that people meet: a stable code, an HTTP status, a plain sentence. Rendering lives in telehealth."""

from typing import Any

from django.utils.translation import gettext, gettext_noop


class HousecallError(Exception):
    """An expected refusal. `code` is for programs, `message` for people; `extra` travels beside them in JSON.

    Nothing in `message` or `extra` may name a patient or a condition: both are logged.
    """

    code: str = "error"
    status: int = 500
    message: str = gettext_noop("Something went wrong on our side. Try again in a minute, or call the desk.")

    def __init__(self, message: str = "", *, code: str = "", status: int = 0, **extra: Any) -> None:
        # In the language of whoever is refused: it is known here.
        self.message = message or gettext(type(self).message)
        self.code = code or type(self).code
        self.status = status or type(self).status
        self.extra = extra
        super().__init__(self.message)

    def as_dict(self) -> dict[str, Any]:
        """The inside of `{"error": ...}`, the same on pages, JSON and sockets."""
        return {"code": self.code, "message": self.message, **self.extra}


class NotFound(HousecallError):  # noqa: N818
    """Absent, or not yours: nobody can tell which."""

    code = "not_found"
    status = 404
    message = gettext_noop("We cannot find that page. Open the link in our latest message, or call the desk.")


class Invalid(HousecallError):  # noqa: N818
    """What was sent cannot be used as it is."""

    code = "invalid"
    status = 422
    message = gettext_noop("Something in the form is not right. Look at the fields marked in red and send it again.")


class Conflict(HousecallError):  # noqa: N818
    """Somebody else was faster, or the thing has moved on."""

    code = "conflict"
    status = 409
    message = gettext_noop("This has changed in the meantime. Reload the page and try again.")


class IllegalTransition(Conflict):
    """A state machine was asked for a move that it does not have."""

    code = "illegal_transition"
    message = gettext_noop("This is no longer possible. Reload the page to see where things stand.")


class RateLimited(HousecallError):  # noqa: N818
    """Too many tries."""

    code = "rate_limited"
    status = 429
    message = gettext_noop("That was too many tries. Wait five minutes, then try again.")
