"""What Twilio posts: what became of a text, and what somebody answered. Signed with the account's token.

https://www.twilio.com/docs/usage/security: the signature is over the whole address and every field. The address is
the one that we gave, from BASE_URL; a Host header says nothing.
"""

import re
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, QueryDict
from twilio.request_validator import RequestValidator

from notifications.hooks import Forged, Notice, Unreadable, What
from notifications.providers import TwilioAccount

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
_MEANT = {
    "accepted": What.ACCEPTED,
    "queued": What.ACCEPTED,
    "sending": What.ACCEPTED,
    "sent": What.ACCEPTED,
    "delivered": What.DELIVERED,
    "read": What.DELIVERED,
    "undelivered": What.UNDELIVERED,
    "failed": What.UNDELIVERED,
}
# Errors that tell of the number and not of the day: unknown, a landline, not one at all.
_NOBODYS = frozenset({"30005", "30006", "21211", "21614"})
_SID, _KEY = re.compile(r"[A-Za-z0-9]{10,64}"), re.compile(r"[0-9a-f]{32}-[0-9]{1,5}")
# Twilio's own and those that rules in the United States name. https://help.twilio.com/articles/223134027
STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START = frozenset({"START", "YES", "UNSTOP"})


@dataclass(frozen=True)
class Reply:
    """What somebody answered from their number: `wish` is "stop", "start", or nothing that we know."""

    sid: str
    number: str
    wish: str


def is_here() -> bool:
    """Whether anybody could sign with a token that we know."""
    return isinstance(settings.SMS, TwilioAccount)


def status_of(request: HttpRequest) -> Notice | None:
    """None for a state that Twilio may have made up since."""
    fields = _signed(request)
    sid, key = fields.get("MessageSid") or fields.get("SmsSid", ""), request.GET.get("key", "")
    status = fields.get("MessageStatus", "")
    if not _SID.fullmatch(sid) or not status:
        raise Unreadable
    what = _MEANT.get(status)
    if what is None:
        return None
    code = fields.get("ErrorCode", "")
    if what is What.UNDELIVERED and code in _NOBODYS:
        what = What.BOUNCED
    # Each message comes to each state once, however often that is told.
    return Notice(
        provider="twilio",
        what=what,
        provider_id=sid,
        key=key if _KEY.fullmatch(key) else "",
        event_id=f"{sid}:{status}",
        detail=code if code.isascii() and code.isdigit() and len(code) < 8 else "",
    )


def reply_of(request: HttpRequest) -> Reply:
    fields = _signed(request)
    sid, number = fields.get("MessageSid", ""), fields.get("From", "")
    if not _SID.fullmatch(sid) or not number or len(number) > 40:
        raise Unreadable
    # Where the account has words of its own, Twilio says what they mean.
    told = fields.get("OptOutType", "").upper()
    word = told or re.sub(r"[\s.!\"'-]+", "", fields.get("Body", "")[:200]).upper()
    wish = "stop" if word in STOP else "start" if word in START else ""
    return Reply(sid, number, wish)


def _signed(request: HttpRequest) -> QueryDict:
    account, fields = settings.SMS, request.POST
    if not isinstance(account, TwilioAccount):
        raise Forged
    address = f"{settings.BASE_URL}{request.get_full_path()}"
    signature = request.headers.get("X-Twilio-Signature", "")
    if not RequestValidator(account.token).validate(address, fields, signature):
        raise Forged
    return fields
