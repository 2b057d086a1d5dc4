"""The administrators' pages of where practitioners may practise."""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Licence, Practitioner
from accounts.policy import guarded
from accounts.regions import name_of
from accounts.selectors import get_licence, get_practitioner, practitioners_with_licences
from accounts.services.licences import add_licence, remove_licence
from accounts.who import who
from core.clock import today
from scheduling.forms.people import LicenceForm
from scheduling.views.changing import change
from scheduling.views.schedules import GET_POST

NAV = {"nav": "licences"}


@require_safe
@guarded("accounts.licence.list")
def licences(request: HttpRequest) -> HttpResponse:
    actor, _organization = who(request)
    rows = [{"practitioner": one, "licences": _shown(one)} for one in practitioners_with_licences(actor)]
    return render(request, "people/licences.html", NAV | {"rows": rows})


@require_http_methods(GET_POST)
@guarded("accounts.licence.change")
def licences_of(request: HttpRequest, practitioner: uuids.UUID) -> HttpResponse:
    actor, _organization = who(request)
    found = get_practitioner(actor, practitioner)
    form = LicenceForm(request.POST if request.method == "POST" else None)
    page = NAV | {"form": form, "practitioner": found, "licences": _shown(found)}
    return change(
        request,
        form=form,
        save=lambda accepted: add_licence(
            actor=actor,
            practitioner=found,
            region=form.cleaned_data["region"],
            starts_on=form.cleaned_data["starts_on"],
            ends_on=form.cleaned_data["ends_on"],
        ),
        show=lambda status: render(request, "people/licences_of.html", page, status=status),
        done=_("The licence is saved."),
        go=reverse("licences-of", kwargs={"practitioner": found.uuid}),
    )


@require_POST
@guarded("accounts.licence.change")
def licence_remove(request: HttpRequest, practitioner: uuids.UUID, licence: uuids.UUID) -> HttpResponse:
    actor, _organization = who(request)
    found = get_practitioner(actor, practitioner)
    remove_licence(actor=actor, licence=get_licence(actor, found, licence))
    messages.success(request, _("The licence is removed."))
    return redirect("licences-of", practitioner=found.uuid)


def _shown(practitioner: Practitioner) -> list[dict[str, object]]:
    day = today(practitioner.organization.timezone)
    found: list[Licence] = list(practitioner.licences.all())
    return [{"row": one, "name": name_of(one.region), "counts": one.is_valid_on(day)} for one in found]
