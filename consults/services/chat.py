"""Writing chat: stored once, numbered without gaps, whatever is sent twice or at the same moment."""

import uuid as uuids

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from consults import hints
from consults.lifecycle import VisitStatus
from consults.models import ChatMessage, Encounter
from consults.policies import require_visit
from consults.selectors.chat import ChatLine, chat_line
from consults.services.rows import locked_visit, record_visit
from consults.services.seats import person_id, seat_in_use
from core.clock import now
from core.errors import Conflict, Invalid

LONGEST_BODY = 2000


@transaction.atomic
def post_chat(*, actor: Actor, encounter: Encounter, body: str, client_id: uuids.UUID) -> ChatLine:
    """Store a message and return it as it is sent to pages; a `client_id` seen before returns the stored one.

    The visit's row is locked while the number is taken, so numbers follow each other in the order of commits.
    """
    encounter = locked_visit(encounter)
    require_visit(actor, "consults.chat.read", encounter)
    stored = ChatMessage.objects.filter(
        encounter=encounter, author_type=actor.type, author_id=person_id(actor), client_id=client_id
    ).first()
    if stored is not None:
        return chat_line(stored)
    require_visit(actor, "consults.chat.post", encounter)
    if encounter.status != VisitStatus.IN_PROGRESS:
        raise Conflict(_("The chat opens when your visit begins."), code="visit.not_open")
    seat = seat_in_use(actor, encounter)
    encounter.chat_seq += 1
    message = ChatMessage.objects.create(
        encounter=encounter,
        seq=encounter.chat_seq,
        author_type=seat.actor_type,
        author_id=seat.actor_id,
        author_label=seat.label,
        author_seat=seat.uuid,
        body=checked_body(body),
        client_id=client_id,
        sent_at=now(),
    )
    encounter.save(update_fields=["chat_seq"])
    hints.chat_added(encounter)
    record_visit(actor, "consults.chat.post", encounter, seq=message.seq)
    return chat_line(message)


def checked_body(body: str) -> str:
    """For the services of this app: what is written to somebody, as it is stored."""
    body = body.strip()
    if not body:
        raise Invalid(_("Write something first."), code="chat.empty")
    if len(body) > LONGEST_BODY:
        raise Invalid(_("A message has 2,000 letters at most. Send it in two."), code="chat.too_long")
    if "\x00" in body:
        raise Invalid(_("That message holds a sign that cannot be kept."), code="chat.unreadable")
    return body
