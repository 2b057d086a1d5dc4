"""Mail, by Django's mail backends: SMTP, or a provider over HTTP through anymail.

A mail has the same Message-ID at every try, so that a mailbox which got it twice shows it once; no provider of mail
takes a key that would make a second try the first one.
"""

import smtplib
import threading
from email import encoders
from email.headerregistry import Address
from email.message import Message as Header
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import parseaddr
from typing import Any, NoReturn
from urllib.parse import urlsplit

import structlog
from anymail import exceptions as anymail
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from notifications.channels.asking import one_line, wait_of, within
from notifications.channels.parcels import NotTaken, Parcel, Receipt
from notifications.kinds import File
from notifications.providers import MAIL_PROVIDERS

log = structlog.get_logger(__name__)

# What Django or this module writes itself; a parcel may add others.
_OURS = frozenset({"from", "to", "cc", "bcc", "subject", "message-id", "date", "reply-to", "content-type", "sender"})
# Of a provider's words as anymail reads them; "unknown" is what it makes of an answer that says nothing.
_TAKEN = frozenset({"queued", "sent"})


class EmailCarrier:
    """Keeps the connection of a batch, one in each thread, until `close`."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def carry(self, parcel: Parcel) -> Receipt:
        mail = mail_of(parcel)
        connection, self._kept.connection = getattr(self._kept, "connection", None), None
        try:
            connection = within(settings.MESSAGE_TIMEOUT, lambda: _send(mail, connection))
        except Exception as error:  # noqa: BLE001  What a library says may name the address: only a code goes on.
            _refused(error)
        self._kept.connection = connection
        return _receipt(mail)

    def close(self) -> None:
        """Say goodbye to the server; whatever it answers."""
        connection, self._kept.connection = getattr(self._kept, "connection", None), None
        if connection is None:
            return
        try:
            within(settings.MESSAGE_TIMEOUT, connection.close)
        except Exception as error:  # noqa: BLE001  All mail was handed over; nothing is left to be done.
            log.info("provider_left", error=type(error).__name__)


def mail_of(parcel: Parcel) -> EmailMultiAlternatives:
    """The whole mail. Nothing in a parcel can begin a header of its own."""
    try:
        validate_email(parcel.to)
    except ValidationError:
        raise NotTaken("bad_address", for_good=True) from None
    headers = {name: one_line(value) for name, value in parcel.headers.items() if _may_be_added(name)}
    mail = EmailMultiAlternatives(
        subject=one_line(parcel.subject),
        body=parcel.text,
        from_email=_from(parcel.sender),
        to=[parcel.to],
        headers={
            **headers,
            "Message-ID": f"<{parcel.key}@{urlsplit(settings.BASE_URL).hostname}>",
            # RFC 3834: no answering machine answers.
            "Auto-Submitted": "auto-generated",
        },
    )
    if parcel.html:
        mail.attach_alternative(parcel.html, "text/html")
    for file in parcel.files:
        mail.attach(_part(file))
    _tell_provider(mail, parcel)
    return mail


def _tell_provider(mail: Any, parcel: Parcel) -> None:
    provider = MAIL_PROVIDERS.get(settings.MAIL.provider)
    if provider and provider.keeps_key:
        # A notice may come before we have written down the provider's own id, or when a worker died before it could.
        mail.metadata = {"key": parcel.key}
    if provider and provider.can_leave_links:
        # A personal link is nobody else's to rewrite or to follow.
        mail.track_clicks = mail.track_opens = False


def _may_be_added(name: str) -> bool:
    return name.replace("-", "").isalnum() and name.isascii() and name.lower() not in _OURS


def _from(clinic: str) -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(one_line(clinic) or name, addr_spec=address))


def _part(file: File) -> MIMENonMultipart:
    """Django would write `charset` twice where the type names it already."""
    told = Header()
    told["Content-Type"] = one_line(file.content_type)
    main, sub = told.get_content_type().split("/")
    parameters: dict[str, Any] = {name: str(value) for name, value in (told.get_params() or [])[1:]}
    part = MIMENonMultipart(main, sub, **parameters)
    part.set_payload(file.content)
    encoders.encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=one_line(file.name))
    return part


def _send(mail: EmailMultiAlternatives, connection: Any) -> Any:
    """Returns the connection, still open. Runs in a thread of its own."""
    if connection is not None and not _lives(connection):
        connection.close()
        connection = None
    connection = connection or get_connection(timeout=settings.MESSAGE_TIMEOUT)
    try:
        connection.open()
        connection.send_messages([mail])
    except BaseException:
        try:
            connection.close()
        except Exception as error:  # noqa: BLE001  The first trouble is the one to tell.
            log.info("provider_left", error=type(error).__name__)
        raise
    return connection


def _lives(connection: Any) -> bool:
    """Whether the server still listens; it may have hung up meanwhile, and nothing was said to it yet."""
    smtp = getattr(connection, "connection", None)
    if smtp is None:
        return True
    try:
        return bool(smtp.noop()[0] == 250)
    except (smtplib.SMTPException, OSError):
        return False


def _receipt(mail: Any) -> Receipt:
    status = getattr(mail, "anymail_status", None)
    if status is None:
        return Receipt("smtp", mail.extra_headers["Message-ID"].strip("<>"))
    if status.status == {"failed"}:
        raise NotTaken("refused", for_good=True)
    if not status.status or not status.status <= _TAKEN:
        raise NotTaken("garbled")
    known = status.message_id if isinstance(status.message_id, str) else ""
    return Receipt(settings.MAIL.provider, known)


def _refused(error: Exception) -> NoReturn:
    answer = _answer(error)
    # The type and a number only: what a server says names the address.
    log.info("mail_not_taken", why=answer.why, error=type(error).__name__, code=_code(error))
    raise answer from None


def _code(error: Any) -> int | None:
    code = getattr(error, "smtp_code", None) or getattr(error, "status_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next((code for code, _ in error.recipients.values()), None)
    return code if isinstance(code, int) else None


def _answer(error: Exception) -> NotTaken:
    code = _code(error) or 0
    if isinstance(error, anymail.AnymailError):
        return _answer_of_provider(error, code)
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        if code == 421:
            return NotTaken("provider_busy", is_down=True)
        return NotTaken("refused", for_good=True) if code >= 500 else NotTaken("not_now")
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPSenderRefused):
        # The same for every mail: it is about the clinic and not about this one.
        return NotTaken("provider_setup" if code >= 500 else "provider_busy", is_down=True)
    if isinstance(error, ImproperlyConfigured | smtplib.SMTPNotSupportedError):
        return NotTaken("provider_setup", is_down=True)
    # smtplib makes a lost connection of a socket that waited too long; which of us two notices first is chance.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return NotTaken("timeout", is_down=True)
    if isinstance(error, OSError):
        # smtplib's own errors among them.
        return NotTaken("provider_down", is_down=True)
    return NotTaken("broken")


def _answer_of_provider(error: Any, code: int) -> NotTaken:
    """Of anymail's errors. https://anymail.dev/en/stable/sending/exceptions/"""
    if isinstance(error, anymail.AnymailInvalidAddress):
        return NotTaken("bad_address", for_good=True)
    if isinstance(error, anymail.AnymailRecipientsRefused):
        return NotTaken("refused", for_good=True)
    if isinstance(error, anymail.AnymailUnsupportedFeature):
        return NotTaken("provider_setup", is_down=True)
    if not code:
        is_slow = isinstance(error, TimeoutError) or "Timeout" in type(error.__cause__).__name__
        return NotTaken("timeout" if is_slow else "provider_down", is_down=True)
    return answer_of_status(code, error.response.headers.get("Retry-After"))


def answer_of_status(code: int, retry_after: str | None = None) -> NotTaken:
    """What a status of HTTP means for a message. Of 2xx: the provider said yes in words that nobody can read."""
    if code == 429 or code >= 500:
        why = "provider_busy" if code in {429, 503} else "provider_down"
        return NotTaken(why, is_down=True, wait=wait_of(retry_after))
    if code in {401, 402, 403, 407}:
        return NotTaken("provider_setup", is_down=True)
    if 300 <= code < 400 or code == 404:
        return NotTaken("provider_setup", is_down=True)
    return NotTaken("refused", for_good=True) if code >= 400 else NotTaken("garbled")
