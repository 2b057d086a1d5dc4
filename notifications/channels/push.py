"""Notifications in browsers, by their push services (RFC 8030, 8291, 8292). The subscriptions are made in services.

A push service that is away is no reason to keep others waiting: every browser has its own. So nothing here says that
the provider is down, and a notification that does not get through gives way to the next channel soon.
"""

import base64
import hashlib
import json
import time
from collections import Counter
from urllib.parse import urlsplit

import requests
import structlog
from django.conf import settings
from django.db.models import Q
from pywebpush import WebPushException, webpush

from notifications.channels import vapid
from notifications.channels.asking import within
from notifications.channels.endpoints import are_keys, is_push_service
from notifications.channels.parcels import NotTaken, Parcel, Receipt
from notifications.models import PushSubscription

log = structlog.get_logger(__name__)

# What is told is true for a few minutes.
TTL_SECONDS = 300
LONGEST_TEXT = 600


class PushCarrier:
    """`parcel.to` is a patient's pk: all browsers of theirs are told, and one that was is enough."""

    def carry(self, parcel: Parcel) -> Receipt:
        patient = int(parcel.to)
        own = Q(patient=patient) | Q(patient__merged_into=patient)
        rows = PushSubscription.objects.filter(own, organization=parcel.organization_id)
        body, name = _payload(parcel), _topic(parcel.key)
        ends = time.monotonic() + settings.MESSAGE_TIMEOUT
        outcomes: Counter[str] = Counter()
        for row in rows.order_by("-pk"):
            left = ends - time.monotonic()
            outcome = _tell(row, body, name, left) if left > 0 else "timeout"
            if outcome == "gone":
                row.delete()
            outcomes[outcome] += 1
        if outcomes["taken"]:
            return Receipt("push")
        raise _answer(outcomes)


def _payload(parcel: Parcel) -> str:
    told = {"title": parcel.subject, "body": parcel.text[:LONGEST_TEXT], "tag": _topic(parcel.key)}
    if page := _page(parcel.link):
        told["url"] = page
    return json.dumps(told, ensure_ascii=False)


def _page(link: str) -> str:
    """The path alone: a secret stays out of it, and out of other people's houses it does not lead."""
    parts = urlsplit(link)
    is_ours = not parts.netloc or f"{parts.scheme}://{parts.netloc}" == settings.BASE_URL
    return parts.path if is_ours and parts.path.startswith("/") and not parts.path.startswith("//") else ""


def _topic(key: str) -> str:
    """At most 32 letters of base64url (RFC 8030, 5.4): one that was not delivered yet gives way to the next try."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())[:32].decode()


def _tell(row: PushSubscription, body: str, topic: str, seconds: float) -> str:
    """A code of what became of it. What a push service says names the endpoint: it stays here."""
    if not is_push_service(row.endpoint) or not are_keys(row.p256dh, row.auth):
        return "gone"
    try:
        within(seconds, lambda: _send(row, body, topic, seconds))
    except WebPushException as error:
        log.info("notification_not_taken", status=error.status_code)
        return _outcome(error.status_code or 0)
    except (TimeoutError, requests.Timeout):
        return "timeout"
    except (requests.RequestException, OSError) as error:
        log.info("notification_not_taken", error=type(error).__name__)
        return "provider_down"
    return "taken"


def _send(row: PushSubscription, body: str, topic: str, seconds: float) -> None:
    with requests.Session() as session:
        # Wherever it leads, that is no push service which we know.
        session.max_redirects = 0
        webpush(
            {"endpoint": row.endpoint, "keys": {"p256dh": row.p256dh, "auth": row.auth}},
            data=body,
            vapid_private_key=vapid.key(),
            vapid_claims=vapid.claims(),
            ttl=TTL_SECONDS,
            timeout=seconds,
            headers={"Topic": topic, "Urgency": "high"},
            requests_session=session,
        )


def _outcome(status: int) -> str:
    if status in {404, 410}:
        return "gone"
    if status == 429 or status >= 500:
        return "provider_busy" if status in {429, 503} else "provider_down"
    return "refused"


def _answer(outcomes: Counter[str]) -> NotTaken:
    """Tried again where any browser may still be reached."""
    for why in ("provider_busy", "provider_down", "timeout"):
        if outcomes[why]:
            return NotTaken(why)
    return NotTaken("refused" if outcomes["refused"] else "no_address", for_good=True)
