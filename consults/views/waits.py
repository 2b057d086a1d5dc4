"""The administrators' page of how well waits are foretold."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.policy import guarded
from accounts.who import who
from consults.selectors.scores import wait_scores


@require_safe
@guarded("consults.waits.view")
def waits(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    return render(request, "consults/waits.html", {"nav": "waits", "scores": wait_scores(actor)})
