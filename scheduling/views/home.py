"""The clinic's first page: what it is, whom one can see and when next, and the way to a visit."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.policy import guarded
from accounts.selectors import default_organization, practitioners_to_meet
from scheduling import ports
from scheduling.selectors.offering import next_free, offerings


@require_safe
@guarded("accounts.home.view")
def home(request: HttpRequest) -> HttpResponse:
    clinic = default_organization()
    offered = offerings(clinic) if clinic else []
    free = next_free(clinic) if clinic and offered else {}
    bookable = {one.pk for offering in offered for one in offering.practitioners}
    people = [(one, one.pk in bookable, free.get(one.pk)) for one in practitioners_to_meet()]
    context = {
        "practitioners": people,
        "may_book": bool(offered),
        "doors": ports.open_doors(clinic) if clinic else [],
        "zone": clinic.timezone if clinic else "UTC",
    }
    return render(request, "home.html", context)
