"""Reading a visit's chat, in the form in which it goes over the wire."""

from typing import TypedDict

from accounts.actors import Actor
from consults.models import ChatMessage, Encounter
from consults.people import has_arrived, is_group
from consults.policies import require_visit
from consults.selectors.guests import has_sat
from consults.selectors.shown import is_withheld

MOST_AT_ONCE = 500
HIGHEST_SEQ = 2**31 - 1


class ChatLine(TypedDict):
    seq: int
    seat: str
    author: str
    body: str
    sent_at: str
    client_id: str


def chat_since(actor: Actor, encounter: Encounter, seq: int) -> list[ChatLine]:
    """The messages after number `seq` in order, 500 at most; whoever gets 500 asks again from the last.

    What was said in a group, only those are told who have passed its door; after the visit, whoever came by a link only
    once they have shown who they are.
    """
    require_visit(actor, "consults.visit.view", encounter)
    if actor.type == "patient" and is_group(encounter) and not has_arrived(actor, encounter):
        return []
    require_visit(actor, "consults.chat.read", encounter)
    # What was written in a room that a guest has not come into is not for them.
    if actor.type == "guest" and not has_sat(actor, encounter):
        return []
    if is_withheld(actor, encounter):
        return []
    later = ChatMessage.objects.filter(encounter=encounter, seq__gt=min(max(seq, 0), HIGHEST_SEQ)).order_by("seq")
    return [chat_line(message) for message in later[:MOST_AT_ONCE]]


def chat_line(message: ChatMessage) -> ChatLine:
    return {
        "seq": message.seq,
        "seat": str(message.author_seat),
        "author": message.author_label,
        "body": message.body,
        "sent_at": message.sent_at.isoformat(),
        "client_id": str(message.client_id),
    }
