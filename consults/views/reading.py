"""The administrators' page of what people read while they wait."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actors import Actor
from accounts.policy import guarded
from consults.selectors.reading import kept_texts
from consults.services.reading import set_waiting_text
from core.errors import Invalid


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("consults.reading.change")
def reading(request: HttpRequest) -> HttpResponse:
    """A form for each language; without a word of its own a clinic shows the usual ones."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    typed: dict[str, str] = {}
    refused: Invalid | None = None
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in ("language", "title", "body")}
        try:
            set_waiting_text(actor=actor, **typed)
        except Invalid as error:
            refused = error
        else:
            messages.success(request, _("What people read while they wait is saved."))
            return redirect("waiting-texts")
    context = {"nav": "waiting-texts", "texts": kept_texts(actor), "typed": typed, "refused": refused}
    return render(request, "consults/reading.html", context, status=refused.status if refused else 200)
