"""What providers of mail post, read by anymail's own views: behind one secret, and their signatures besides."""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

from notifications.hooks import Forged, Notice, Unreadable, What

log = structlog.get_logger(__name__)

_VIEWS = {
    "brevo": "brevo.BrevoTrackingWebhookView",
    "mailersend": "mailersend.MailerSendTrackingWebhookView",
    "mailgun": "mailgun.MailgunTrackingWebhookView",
    "mailjet": "mailjet.MailjetTrackingWebhookView",
    "mailtrap": "mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "mandrill.MandrillCombinedWebhookView",
    "postal": "postal.PostalTrackingWebhookView",
    "postmark": "postmark.PostmarkTrackingWebhookView",
    "resend": "resend.ResendTrackingWebhookView",
    "sparkpost": "sparkpost.SparkPostTrackingWebhookView",
    "unisender_go": "unisender_go.UnisenderGoTrackingWebhookView",
}
_MEANT = {
    EventType.QUEUED: What.ACCEPTED,
    EventType.SENT: What.ACCEPTED,
    EventType.DELIVERED: What.DELIVERED,
    EventType.BOUNCED: What.BOUNCED,
    EventType.REJECTED: What.BOUNCED,
    EventType.FAILED: What.UNDELIVERED,
    EventType.COMPLAINED: What.COMPLAINED,
    EventType.UNSUBSCRIBED: What.UNSUBSCRIBED,
}
_NOBODYS = frozenset({None, RejectReason.BOUNCED, RejectReason.INVALID})
# Of Postmark's, what anymail counts among those that bounced for good.
_SOFT = "SoftBounce"


def is_here() -> bool:
    """Without a secret anybody could tell us anything, so that nobody can."""
    return settings.MAIL.provider in _VIEWS and bool(settings.ANYMAIL.get("WEBHOOK_SECRET"))


def notices_of(request: HttpRequest) -> list[Notice]:
    """Everything that was posted at once. Raises Forged, or Unreadable for what no provider would say."""
    try:
        view = import_string(f"anymail.webhooks.{_VIEWS[settings.MAIL.provider]}")()
    except AnymailConfigurationError:
        log.error("mail_notices_need_a_key", provider=settings.MAIL.provider)
        raise Forged from None
    view.setup(request)
    try:
        view.run_validators(request)
        return list(_meant(view.parse_events(request)))
    except AnymailWebhookValidationFailure:
        raise Forged from None
    except Exception as error:  # noqa: BLE001  Anymail trusts what is signed; here it reads what a stranger wrote.
        log.warning("mail_notice_unreadable", error=type(error).__name__)
        raise Unreadable from None


def _meant(events: Any) -> Iterator[Notice]:
    for event in events:
        what = _what(event) if isinstance(event, AnymailTrackingEvent) else None
        if what is None:
            continue
        metadata = event.metadata if isinstance(event.metadata, Mapping) else {}
        yield Notice(
            provider=settings.MAIL.provider,
            what=what,
            provider_id=_short(event.message_id),
            key=_short(metadata.get("key")),
            event_id=_short(event.event_id),
            detail=_short(event.reject_reason)[:40],
        )


def _what(event: AnymailTrackingEvent) -> What | None:
    what = _MEANT.get(event.event_type)
    if what is not What.BOUNCED:
        return what
    raw = event.esp_event
    is_soft = isinstance(raw, Mapping) and raw.get("Type") == _SOFT
    return What.BOUNCED if event.reject_reason in _NOBODYS and not is_soft else What.UNDELIVERED


def _short(told: Any) -> str:
    text = told if isinstance(told, str) else str(told) if isinstance(told, int) else ""
    return text.replace("\x00", "")[:200]
