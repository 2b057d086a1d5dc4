"""Allauth's sign-in forms with this house's words for a field left empty. What they check is allauth's."""

from typing import Any

from allauth.account import forms as allauth_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.actors import ANONYMOUS
from audit.models import Outcome
from audit.services import record

_WHEN_EMPTY = {
    "login": _("Enter your email address"),
    "email": _("Enter your email address"),
    "password": _("Enter your password"),
    "code": _("Enter the 6-digit code from our email"),
}


class _PlainWords:
    """Mixin, first among the bases."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in _WHEN_EMPTY.items():
            if name in self.fields:
                self.fields[name].error_messages["required"] = words


class LoginForm(_PlainWords, allauth_forms.LoginForm):
    """Email address and password."""


class RequestLoginCodeForm(_PlainWords, allauth_forms.RequestLoginCodeForm):
    """Email address, for a code."""


class ConfirmLoginCodeForm(_PlainWords, allauth_forms.ConfirmLoginCodeForm):
    """The code. A wrong one is audited like a wrong password: it tells neither whose it was, nor what was typed."""

    def clean_code(self) -> str:
        try:
            code: str = super().clean_code()
        except ValidationError:
            record(actor=ANONYMOUS, action="session.start", outcome=Outcome.REFUSED)
            raise
        return code


class ResetPasswordForm(_PlainWords, allauth_forms.ResetPasswordForm):
    """Email address, for a code that lets choose a new password."""
