"""How allauth behaves in this house: nobody signs up by themselves, sign-ins are audited, mail takes no time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts import ports
from accounts.actors import ANONYMOUS, actor_for_user
from accounts.front import front_of
from audit.models import Outcome
from audit.services import record

log = structlog.get_logger(__name__)

MAILS_WAITING_AT_MOST = 100
_waiting = threading.BoundedSemaphore(MAILS_WAITING_AT_MOST)
_sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sign-in-mail")


class StaffAccountAdapter(DefaultAccountAdapter):
    """Accounts are made by the clinic's administrator; what allauth calls on the way is answered here."""

    # What is wrong, then one thing to do. Known and unknown addresses get the same sentence.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _(
            "The email address or the password is not right. Try again, or get a code by email."
        ),
        "incorrect_code": _("That code is not right. Look at the newest email from us and type its 6 digits."),
        "incorrect_password": _("That password is not right. Type it once more."),
        "enter_current_password": _("That is not your password now. Type the one that you sign in with."),
        "same_as_current": _("That is the password that you have. Choose another one."),
        "invalid_password_reset": _("This password can no longer be chosen here. Ask for a new code by email."),
        "too_many_login_attempts": _("That was too many tries. Wait five minutes, then try again."),
        "rate_limited": _("That was too many tries. Wait five minutes, then try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return front_of(actor_for_user(request.user, request.session.session_key))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        record(actor=actor_for_user(user, request.session.session_key), action="session.start", entity=user)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """The same event for a wrong password and an unknown address: it tells neither which, nor what was typed."""
        record(actor=ANONYMOUS, action="session.start", outcome=Outcome.REFUSED)
        super().authentication_failed(request, **credentials)

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if user.is_authenticated:
            record(actor=actor_for_user(user, request.session.session_key), action="session.end", entity=user)
        super().logout(request)

    def set_password(self, user: Any, password: str) -> None:
        """Changed by somebody signed in, or reset by somebody with a code that was mailed to the user."""
        key = getattr(getattr(self.request, "session", None), "session_key", None)
        with transaction.atomic():
            super().set_password(user, password)
            record(actor=actor_for_user(user, key), action="user.password", entity=user)
            ports.tell_access_changed(user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write and send beside the request: the time of an answer must not tell whether an address is known."""
        run_beside(lambda: super(StaffAccountAdapter, self).send_mail(template_prefix, email, context))


def run_beside(send: Callable[[], None]) -> None:
    """Run in the one mail thread, with this request's context. Above the limit mails are dropped, and logged."""
    if not _waiting.acquire(blocking=False):
        log.error("sign_in_mail_dropped", waiting=MAILS_WAITING_AT_MOST)
        return
    _sender.submit(copy_context().run, _send_and_release, send)


def _send_and_release(send: Callable[[], None]) -> None:
    try:
        send()
    except Exception as error:  # noqa: BLE001  The edge of this thread; the text of a mail error holds the address.
        log.error("sign_in_mail_failed", error=type(error).__name__)
    finally:
        connections.close_all()
        _waiting.release()
