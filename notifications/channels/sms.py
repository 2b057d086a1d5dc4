"""Text messages: by Twilio, which tells what became of them, or by any other provider through Apprise, which does not.

Neither takes a key that would make a second try the first one: Twilio's documentation names none for sending messages
(what it calls an idempotency token it puts into its own requests to us). A worker that is killed after Twilio's yes and
before ours is written down may therefore send a text twice; less often than that, because Twilio's first notice names
our key and, coming within the lease, tells that the text is under way (services.notices). Apprise has nothing of the
kind.
"""

import logging
from typing import Any, TypeVar
from urllib.parse import urlencode

import apprise
import requests
import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from notifications.channels.asking import within
from notifications.channels.email import answer_of_status
from notifications.channels.parcels import NotTaken, Parcel, Receipt
from notifications.models import Stop
from notifications.providers import AppriseAddress, TwilioAccount

T = TypeVar("T", TwilioAccount, AppriseAddress)
log = structlog.get_logger(__name__)

# https://www.twilio.com/docs/api/errors. Twilio makes new ones out of old ones now and then: what is not known here
# is about this message alone.
NOT_A_NUMBER = frozenset({21211, 21214, 21217, 21401, 21421, 21614, 21635})
STOPPED = frozenset({21610})
ABOUT_US = frozenset({21212, 21603, 21606, 21659, 21660, 21703, 21705, 21609, 30032, 63038})


class QuickHttpClient(TwilioHttpClient):
    """Twilio's own client, within our time, and with an answer that says how long to wait."""

    def __init__(self) -> None:
        super().__init__(timeout=settings.MESSAGE_TIMEOUT, logger=logging.getLogger("twilio"))

    def request(self, *args: Any, **fields: Any) -> Response:
        response = super().request(*args, **fields)
        code = int(response.status_code)
        if code in {401, 403, 404, 429} or code >= 500:
            # The SDK's error says nothing of Retry-After.
            raise answer_of_status(code, (response.headers or {}).get("Retry-After"))
        return response


class TwilioCarrier:
    """`http_client` is there for tests, whose Twilio stands on this machine."""

    def __init__(self, http_client: TwilioHttpClient | None = None) -> None:
        self._account = _told(TwilioAccount)
        self._client = Client(self._account.sid, self._account.token, http_client=http_client or QuickHttpClient())

    def carry(self, parcel: Parcel) -> Receipt:
        try:
            answer = within(settings.MESSAGE_TIMEOUT, lambda: self._create(parcel))
        except TwilioRestException as error:
            raise _answer(error, parcel) from None
        except NotTaken as error:
            log.info("text_not_taken", why=error.why)
            raise
        except (TimeoutError, requests.Timeout):
            raise NotTaken("timeout", is_down=True) from None
        except (requests.RequestException, OSError):
            raise NotTaken("provider_down", is_down=True) from None
        except (TwilioException, ValueError, TypeError, AttributeError) as error:
            # A yes in words that nobody can read. What they say may name the number.
            log.warning("text_garbled", error=type(error).__name__)
            raise NotTaken("garbled") from None
        if answer.status in {"failed", "undelivered", "canceled"}:
            raise NotTaken("refused", for_good=True)
        if not isinstance(answer.sid, str) or not answer.sid:
            raise NotTaken("garbled")
        return Receipt("twilio", answer.sid)

    def _create(self, parcel: Parcel) -> Any:
        fields: dict[str, Any] = {"to": parcel.to, "body": parcel.text}
        fields["messaging_service_sid" if self._account.is_service else "from_"] = self._account.sender
        if settings.HTTPS:
            # Twilio refuses an address that it cannot reach, and notices to plain HTTP would tell numbers to everybody.
            query = urlencode({"key": parcel.key})
            fields["status_callback"] = f"{settings.BASE_URL}{reverse('hook-twilio-status')}?{query}"
        return self._client.messages.create(**fields)


class AppriseCarrier:
    """Any other provider that Apprise knows: it says yes or no, and nothing afterwards."""

    def carry(self, parcel: Parcel) -> Receipt:
        service = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Housecall", async_mode=False))
        if not service.add(_told(AppriseAddress).address.replace("{to}", parcel.to)):
            raise NotTaken("provider_setup", is_down=True)
        try:
            taken = within(settings.MESSAGE_TIMEOUT, lambda: service.notify(body=parcel.text, body_format="text"))
        except TimeoutError:
            raise NotTaken("timeout", is_down=True) from None
        except Exception as error:  # noqa: BLE001  Of a hundred providers' code; what it says may name the number.
            log.warning("text_not_taken", error=type(error).__name__)
            raise NotTaken("broken") from None
        if not taken:
            # It does not say whether it is the number, the text or the provider.
            raise NotTaken("not_now")
        return Receipt("apprise")


def _told(kind: type[T]) -> T:
    if not isinstance(settings.SMS, kind):
        raise ImproperlyConfigured("SMS_URL names another provider than MESSAGE_CARRIERS.")
    return settings.SMS


def _answer(error: TwilioRestException, parcel: Parcel) -> NotTaken:
    log.info("text_not_taken", status=error.status, code=error.code)
    if error.code in STOPPED:
        # Answered STOP before Twilio told us, or told somebody else.
        Stop.objects.get_or_create(organization_id=parcel.organization_id, phone=parcel.to)
        return NotTaken("stopped", for_good=True)
    if error.code in NOT_A_NUMBER:
        return NotTaken("bad_address", for_good=True)
    if error.code in ABOUT_US:
        return NotTaken("provider_setup", is_down=True)
    return answer_of_status(int(error.status))
