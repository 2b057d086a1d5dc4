"""The administrators' pages of what goes out and when: for all visits, and for one type of visit."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.policy import guarded
from accounts.who import who
from core.errors import Invalid, NotFound
from core.http import no_store
from notifications.forms.plans import PlanForm, TypePlanForm
from notifications.ports import visit_types_of
from notifications.selectors import plans as selectors
from notifications.services import arranging

NAV = {"nav": "message-plans"}


@guarded("notifications.plan.view")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def plans(request: HttpRequest) -> HttpResponse:
    actor, clinic = who(request)
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        planned=selectors.plan_of(clinic.pk),
        rules=selectors.rules_of(clinic),
    )
    status = 200
    if form.is_bound:
        status = Invalid.status
        if form.is_valid():
            arranging.set_plan(actor=actor, organization=clinic, plan=form.plan(), rules=form.rules())
            messages.success(request, _("The plan is saved. It holds for what is booked from now on."))
            return redirect("message-plans")
    own = selectors.types_with_a_plan(clinic.pk)
    types = [(one, one.uuid in own) for one in visit_types_of(actor)]
    return render(request, "notifications/plans.html", NAV | {"form": form, "types": types}, status=status)


@guarded("notifications.plan.visit_type")
@no_store
@require_http_methods(["GET", "HEAD", "POST"])
def plan_of_type(request: HttpRequest, visit_type: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    found = next((one for one in visit_types_of(actor) if one.uuid == visit_type), None)
    if found is None:
        raise NotFound
    form = TypePlanForm(
        request.POST if request.method == "POST" else None,
        planned=selectors.plan_of(clinic.pk, visit_type),
        general=selectors.plan_of(clinic.pk),
        own=selectors.own_kinds_of(clinic.pk, visit_type),
    )
    status = 200
    if form.is_bound:
        status = Invalid.status
        if form.is_valid():
            arranging.set_plan_of_type(actor=actor, organization=clinic, visit_type=visit_type, plan=form.plan())
            words = _("The plan of “%(type)s” is saved. It holds for what is booked from now on.")
            messages.success(request, words % {"type": found.name})
            return redirect("message-plans")
    return render(request, "notifications/plan_of_type.html", NAV | {"form": form, "found": found}, status=status)
