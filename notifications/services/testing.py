"""A message of made-up people, sent to the administrator who asks how it looks."""

from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization, User
from accounts.policy import require
from audit.services import record
from core.errors import Conflict, NotFound
from core.ids import new_uuid
from notifications import rendering, words
from notifications.channels import NotTaken, carrier_for
from notifications.kinds import kind_of
from notifications.models import Channel


def send_test(*, actor: Actor, organization: Organization, kind: str, language: str) -> str:
    """Hand it to the clinic's carrier of email, now. Returns the address it went to; Conflict where it was not taken.

    No row of the outbox: it is about no visit and to no patient, and nothing is lost with it.
    """
    require(actor, "notifications.plan.change")
    if actor.organization_id != organization.pk:
        raise NotFound
    if Channel.EMAIL not in kind_of(kind).channels:
        raise Conflict(_("This message never goes as an email."), code="message.no_email")
    address = User.objects.values_list("email", flat=True).get(pk=actor.user_id or 0)
    carrier = carrier_for(Channel.EMAIL)
    if carrier is None:
        raise Conflict(words.reason("no_carrier").what, code="message.no_carrier")
    made = rendering.preview(kind_of(kind), Channel.EMAIL, language, organization)
    try:
        carrier.carry(replace(made, key=f"test-{new_uuid().hex}", to=address))
    except NotTaken as answer:
        raise Conflict(words.reason(answer.why).what, code="message.not_taken") from None
    record(actor=actor, action="notifications.test.send", entity=organization, detail={"kind": kind})
    return address
