"""The administrators' pages of lines that several practitioners share."""

import uuid as uuids
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.policy import guarded
from accounts.selectors import practitioners
from accounts.who import who
from consults.models import Pool
from consults.pool_form import PoolForm
from consults.selectors import pools as selectors
from consults.services import pools as services
from core.clock import now
from scheduling.views.changing import change

NAV: dict[str, Any] = {"nav": "pools"}


@require_safe
@guarded("consults.pool.list")
def pools(request: HttpRequest) -> HttpResponse:
    actor, _clinic = who(request)
    return render(request, "consults/pools.html", NAV | {"pools": selectors.pools_kept(actor, now())})


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("consults.pool.new")
def pool_new(request: HttpRequest) -> HttpResponse:
    return _pool(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@guarded("consults.pool.change")
def pool(request: HttpRequest, pool: uuids.UUID) -> HttpResponse:
    actor, _clinic = who(request)
    return _pool(request, selectors.get_pool(actor, pool))


@require_POST
@guarded("consults.pool.change")
def pool_door(request: HttpRequest, pool: uuids.UUID) -> HttpResponse:
    """The door gets another address."""
    actor, _clinic = who(request)
    services.renew_door(actor=actor, pool=selectors.get_pool(actor, pool))
    messages.success(request, _("The door has a new address. The old one leads nowhere now."))
    return redirect("pool", pool=pool)


def _pool(request: HttpRequest, standing: Pool | None) -> HttpResponse:
    actor, clinic = who(request)
    typed = request.POST if request.method == "POST" else None
    form = PoolForm(typed, people=practitioners(actor), standing=standing)
    return change(
        request,
        form=form,
        save=lambda accepted: services.save_pool(actor=actor, organization=clinic, terms=form.terms(), pool=standing),
        show=lambda status: render(
            request, "consults/pool.html", NAV | {"form": form, "standing": standing}, status=status
        ),
        done=_("The line is saved."),
        go=reverse("pools"),
    )
