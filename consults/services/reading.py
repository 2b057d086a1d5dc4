"""Writing what a clinic gives people to read while they wait."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.models import Organization
from accounts.policy import require
from audit.services import record
from consults.models import WaitingText
from consults.reading import LONGEST_BODY, LONGEST_TITLE
from core.errors import Invalid, NotFound
from notifications.languages import LANGUAGES


@transaction.atomic
def set_waiting_text(*, actor: Actor, language: str, title: str, body: str) -> None:
    """Keep the words of one language; both empty takes them away, and the usual ones are shown."""
    require(actor, "consults.reading.change")
    organization = Organization.objects.filter(pk=actor.organization_id or 0).first()
    if organization is None or language not in LANGUAGES:
        raise NotFound
    title, body = " ".join(title.split()), body.strip()
    if not title and not body:
        WaitingText.objects.filter(organization=organization, language=language).delete()
    else:
        _check(title, body)
        WaitingText.objects.update_or_create(
            organization=organization, language=language, defaults={"title": title, "body": body}
        )
    record(actor=actor, action="consults.reading.change", entity=organization, detail={"language": language})


def _check(title: str, body: str) -> None:
    if not title or len(title) > LONGEST_TITLE or "\x00" in title:
        raise Invalid(_("Give it a title of up to 80 letters."), code="reading.title", field="title")
    if not body or len(body) > LONGEST_BODY or "\x00" in body:
        raise Invalid(_("Write something, in up to 4,000 letters."), code="reading.body", field="body")
