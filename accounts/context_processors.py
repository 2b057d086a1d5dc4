"""What every page may show: the clinic and who is looking."""

from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.actors import ANONYMOUS
from accounts.selectors import organization_of


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic` (Organization or None) and `actor`. Error pages show without a database, too."""
    actor = getattr(request, "actor", ANONYMOUS)

    def find() -> Any:
        try:
            return organization_of(actor)
        except DatabaseError:
            return None

    return {"clinic": SimpleLazyObject(find), "actor": actor}
