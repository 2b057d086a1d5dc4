"""The desk's pages of people who booked by themselves: is this somebody we know, or a new patient?"""

import uuid as uuids

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actors import Actor
from accounts.policy import guarded
from core.errors import Conflict
from core.http import no_store
from scheduling.selectors.sorting import candidate, unsorted, unsorted_patients
from scheduling.services.merging import confirm_new_patient, merge_patient, undo_merge

NAV = {"nav": "sorting"}


@no_store
@require_safe
@guarded("scheduling.patient.sort")
def patients_unsorted(request: HttpRequest) -> HttpResponse:
    return render(request, "scheduling/patients_unsorted.html", NAV | {"rows": unsorted_patients(_actor(request))})


@no_store
@require_http_methods(["GET", "HEAD", "POST"])
@guarded("scheduling.patient.merge")
def patient_sort(request: HttpRequest, patient: uuids.UUID) -> HttpResponse:
    """The two side by side, and the answer: `same` with whom, `new`, or `undo`."""
    actor = _actor(request)
    found = unsorted(actor, patient)
    refused, status = "", 200
    if request.method == "POST":
        try:
            return _answered(request, actor, patient)
        except Conflict as conflict:
            refused, status = conflict.message, conflict.status
            found = unsorted(actor, patient)
    return render(request, "scheduling/patient_sort.html", NAV | {"found": found, "refused": refused}, status=status)


def _answered(request: HttpRequest, actor: Actor, uuid: uuids.UUID) -> HttpResponse:
    found = unsorted(actor, uuid)
    answer = request.POST.get("answer", "")
    if answer == "same":
        known = candidate(actor, request.POST.get("into", ""))
        merge_patient(actor=actor, patient=found.patient, into=known)
        said = gettext("This is %(name)s. The visits stand in their record now.")
        messages.success(request, said % {"name": known.full_name})
    elif answer == "new":
        confirm_new_patient(actor=actor, patient=found.patient)
        said = gettext("%(name)s is a new patient of the clinic.")
        messages.success(request, said % {"name": found.patient.full_name})
        return redirect("patients-unsorted")
    elif answer == "undo":
        undo_merge(actor=actor, patient=found.patient)
        messages.success(request, gettext("They are two people again. The visits are back with whoever booked them."))
    return redirect("patient-sort", patient=found.patient.uuid)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
