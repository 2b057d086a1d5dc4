"""The page of "I have a visit today". The first page is scheduling's; signing in is allauth's, in templates/account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.policy import guarded


@require_safe
@guarded("accounts.visit_today.view")
def visit_today(request: HttpRequest) -> HttpResponse:
    return render(request, "visit_today.html")
