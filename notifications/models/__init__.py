"""Messages and what was seen of them; what clinics plan; what people chose; what is known of addresses."""

from notifications.models.addresses import BadAddress, PushSubscription, Stop
from notifications.models.choices import ChannelOrder, ClinicMessages, OptOut, OwnWords, PlannedKind
from notifications.models.messages import Channel, Message, MessageEvent
from notifications.models.running import Beat, Pause, SunkMessage

__all__ = [
    "BadAddress",
    "Beat",
    "Channel",
    "ChannelOrder",
    "ClinicMessages",
    "Message",
    "MessageEvent",
    "OptOut",
    "OwnWords",
    "Pause",
    "PlannedKind",
    "PushSubscription",
    "Stop",
    "SunkMessage",
]
