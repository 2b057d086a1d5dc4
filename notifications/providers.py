"""Who carries messages, as the environment names them. Read by settings; what is unsafe refuses to start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

SINK = "notifications.channels.sink.SinkCarrier"
EMAIL = "notifications.channels.email.EmailCarrier"
TWILIO = "notifications.channels.sms.TwilioCarrier"
APPRISE = "notifications.channels.sms.AppriseCarrier"
PUSH = "notifications.channels.push.PushCarrier"
CHANNELS = ("email", "sms", "push")

# Where browsers have notifications for them sent (RFC 8030): Chrome, Firefox, Safari, Edge. Nothing goes elsewhere.
PUSH_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@dataclass(frozen=True)
class MailProvider:
    """What anymail must be told of a provider, each as ANYMAIL_<name>_<this>, and what the provider can do."""

    needs: tuple[str, ...] = ("API_KEY",)
    # Repeats our key of a mail in its notices.
    keeps_key: bool = True
    # Leaves links as they are when asked; of the others its own settings must say so.
    can_leave_links: bool = True


# Those that anymail reaches over HTTP with nothing else installed.
MAIL_PROVIDERS = {
    "brevo": MailProvider(can_leave_links=False),
    "mailersend": MailProvider(("API_TOKEN",), keeps_key=False),
    "mailgun": MailProvider(),
    "mailjet": MailProvider(("API_KEY", "SECRET_KEY")),
    "mailtrap": MailProvider(("API_TOKEN",), can_leave_links=False),
    "mandrill": MailProvider(),
    "postal": MailProvider(("API_KEY", "API_URL"), keeps_key=False, can_leave_links=False),
    "postmark": MailProvider(("SERVER_TOKEN",)),
    "resend": MailProvider(can_leave_links=False),
    "scaleway": MailProvider(("SECRET_KEY", "PROJECT_ID"), can_leave_links=False),
    "sparkpost": MailProvider(),
    "unisender_go": MailProvider(("API_KEY", "API_URL")),
}
SHORTEST_SECRET = 20

_LOCAL = re.compile(r"localhost|(.+\.)?localhost|127\.\d+\.\d+\.\d+|::1|\[::1\]")
_SID, _TOKEN = re.compile(r"AC[0-9a-fA-F]{32}"), re.compile(r"[0-9a-fA-F]{32}")
_NUMBER, _SERVICE = re.compile(r"\+[1-9][0-9]{6,14}"), re.compile(r"MG[0-9a-fA-F]{32}")


@dataclass(frozen=True)
class Mail:
    """`leaves`: it goes to somebody's mailbox, and not to a terminal or a file."""

    backend: str
    provider: str = ""
    anymail: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def leaves(self) -> bool:
        return bool(self.provider) or self.backend == SMTP


@dataclass(frozen=True)
class TwilioAccount:
    """`sender` is a number of the account's, or a messaging service (MG...) that chooses one."""

    sid: str
    token: str = field(repr=False)
    sender: str

    @property
    def is_service(self) -> bool:
        return self.sender.startswith("MG")


@dataclass(frozen=True)
class AppriseAddress:
    """An address of Apprise's in which {to} stands for the number."""

    address: str = field(repr=False)


def read_mail(smtp: Mapping[str, Any], environment: Mapping[str, str], *, timeout: float, notices: str) -> Mail:
    """What EMAIL_URL (already read: `smtp`) or ANYMAIL_PROVIDER says; at `notices` the provider tells of its mail."""
    told = {name.removeprefix("ANYMAIL_"): value for name, value in environment.items() if name.startswith("ANYMAIL_")}
    provider = told.pop("PROVIDER", "").strip().lower()
    if not provider:
        if told:
            raise ImproperlyConfigured(f"ANYMAIL_{min(told)} is set, but ANYMAIL_PROVIDER does not say whose it is.")
        if "EMAIL_BACKEND" not in smtp:
            raise ImproperlyConfigured("EMAIL_URL must begin with submission://, submissions:// or smtp://.")
        _refuse_password_in_the_clear(smtp)
        return Mail(str(smtp["EMAIL_BACKEND"]))
    if environment.get("EMAIL_URL"):
        raise ImproperlyConfigured("EMAIL_URL and ANYMAIL_PROVIDER are both set. Leave one of them out.")
    if provider not in MAIL_PROVIDERS:
        raise ImproperlyConfigured(f"ANYMAIL_PROVIDER must be one of {', '.join(MAIL_PROVIDERS)}.")
    anymail = {**_keys_of(provider, told), "REQUESTS_TIMEOUT": timeout}
    if provider == "mandrill":
        # It signs the address that it was told, and that is not the one which a proxy asks us for.
        anymail["MANDRILL_WEBHOOK_URL"] = notices
    return Mail(f"anymail.backends.{provider}.EmailBackend", provider, anymail)


def read_sms(url: str) -> TwilioAccount | AppriseAddress | None:
    """What SMS_URL says; None where it says nothing. No part of it is repeated in an error: it holds a password."""
    if not url:
        return None
    if url.startswith("apprise:"):
        return _apprise(url.removeprefix("apprise:"))
    parts = urlsplit(url)
    sid, token, sender = parts.username or "", unquote(parts.password or ""), unquote(parts.netloc.rpartition("@")[2])
    if parts.scheme != "twilio" or parts.path or parts.query or parts.fragment:
        raise ImproperlyConfigured("SMS_URL must be like twilio://SID:TOKEN@+15550100000 or apprise:ADDRESS.")
    if not _SID.fullmatch(sid) or not _TOKEN.fullmatch(token):
        raise ImproperlyConfigured("SMS_URL: twilio:// needs the account's own SID (AC and 32 digits) and its token.")
    if not _NUMBER.fullmatch(sender) and not _SERVICE.fullmatch(sender):
        raise ImproperlyConfigured(
            "SMS_URL: after @ stands a number like +15550100000, or a messaging service (MG...)."
        )
    return TwilioAccount(sid, token, sender)


def read_sender(written: str, *, leaves: bool, is_public: bool) -> str:
    """MAIL_FROM, whose address is the sender of every mail; its name gives way to the clinic's."""
    address = parseaddr(written)[1]
    try:
        host = Address(addr_spec=address).domain
    except (ValueError, IndexError):
        host = ""
    if not host or any(ord(letter) < 32 for letter in written):
        raise ImproperlyConfigured("MAIL_FROM must be an address, like Clinic <no-reply@clinic.example>.")
    if leaves and is_public and _LOCAL.fullmatch(host):
        raise ImproperlyConfigured(
            "MAIL_FROM must be an address of the clinic's own: no mailbox takes mail of localhost."
        )
    return written


def carriers(
    *, mail: Mail, sms: TwilioAccount | AppriseAddress | None, push: bool, sink: bool, is_local: bool
) -> dict[str, str]:
    """By channel the carrier; empty where the clinic has none. What would print mail or keep it is no carrier."""
    if sink and not is_local:
        raise ImproperlyConfigured(
            "MESSAGE_SINK sends nothing to anybody, so it only runs with ALLOWED_HOSTS of this machine."
        )
    if sink:
        return dict.fromkeys(CHANNELS, SINK)
    texts = {TwilioAccount: TWILIO, AppriseAddress: APPRISE, type(None): ""}
    return {"email": EMAIL if mail.leaves else "", "sms": texts[type(sms)], "push": PUSH if push else ""}


def _keys_of(provider: str, told: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"{provider.upper()}_"
    missing = [name for name in MAIL_PROVIDERS[provider].needs if not told.get(prefix + name)]
    if missing:
        raise ImproperlyConfigured(f"ANYMAIL_PROVIDER is {provider}, so ANYMAIL_{prefix}{missing[0]} must be set.")
    foreign = sorted(name for name in told if not name.startswith(prefix) and name != "WEBHOOK_SECRET")
    if foreign:
        # Among them one that prints every mail.
        raise ImproperlyConfigured(f"ANYMAIL_{foreign[0]} means nothing to {provider}. Leave it out.")
    address = urlsplit(told.get(f"{prefix}API_URL", "https://"))
    if address.scheme != "https" and not _LOCAL.fullmatch(address.hostname or ""):
        raise ImproperlyConfigured(f"ANYMAIL_{prefix}API_URL must begin with https://.")
    keys: dict[str, Any] = {name: value for name, value in told.items() if name != "WEBHOOK_SECRET"}
    if told.get("WEBHOOK_SECRET"):
        keys["WEBHOOK_SECRET"] = [_secret(one.strip()) for one in told["WEBHOOK_SECRET"].split(",")]
    return keys


def _secret(pair: str) -> str:
    name, _, secret = pair.partition(":")
    if not name or len(secret) < SHORTEST_SECRET or len(set(secret)) < 8:
        raise ImproperlyConfigured(
            f"ANYMAIL_WEBHOOK_SECRET must be like name:secret, with at least {SHORTEST_SECRET} random characters."
        )
    return pair


def _refuse_password_in_the_clear(smtp: Mapping[str, Any]) -> None:
    safe = smtp.get("EMAIL_USE_TLS") or smtp.get("EMAIL_USE_SSL") or _LOCAL.fullmatch(smtp.get("EMAIL_HOST") or "")
    if smtp["EMAIL_BACKEND"] == SMTP and smtp.get("EMAIL_HOST_PASSWORD") and not safe:
        raise ImproperlyConfigured(
            "EMAIL_URL would send its password unencrypted. Use submission:// or submissions://."
        )


def _apprise(address: str) -> AppriseAddress:
    import apprise

    if "{to}" not in address or apprise.Apprise.instantiate(address.replace("{to}", "+15550100000")) is None:
        raise ImproperlyConfigured(
            "SMS_URL: after apprise: stands an address of Apprise's with {to} in place of the number."
        )
    return AppriseAddress(address)
