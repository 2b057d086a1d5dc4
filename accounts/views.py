"""Home and "I have a visit today". Signing in is allauth's; its pages are in templates/account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.policy import guarded
from accounts.selectors import practitioners_to_meet


@require_safe
@guarded("accounts.home.view")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html", {"practitioners": practitioners_to_meet()})


@require_safe
@guarded("accounts.visit_today.view")
def visit_today(request: HttpRequest) -> HttpResponse:
    return render(request, "visit_today.html")
