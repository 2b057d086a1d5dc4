"""The sink: takes what would have been sent, and shows it on a page. For the demo and the tests."""

from django.db import IntegrityError, transaction
from django.db.models import F

from notifications.channels.parcels import Parcel, Receipt
from notifications.models import SunkMessage


class SinkCarrier:
    """Behaves like a provider with idempotency keys: the second try under one key is the first message."""

    def carry(self, parcel: Parcel) -> Receipt:
        try:
            with transaction.atomic():
                SunkMessage.objects.create(
                    key=parcel.key,
                    organization_id=parcel.organization_id,
                    channel=parcel.channel,
                    address=parcel.to,
                    subject=parcel.subject,
                    text=parcel.text,
                    html=parcel.html,
                    files=[one.name for one in parcel.files],
                    headers=parcel.headers,
                )
        except IntegrityError:
            SunkMessage.objects.filter(key=parcel.key).update(times=F("times") + 1)
        return Receipt("sink", parcel.key)
