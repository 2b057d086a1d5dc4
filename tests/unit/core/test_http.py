"""Helpers around requests and responses."""

import asyncio

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from core.http import no_store, wants_json


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("text/plain, application/JSON;q=0.9", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_wants_json_by_accept_header_says_what_was_asked_for(accept: str, expected: bool) -> None:
    assert wants_json(RequestFactory().get("/", headers={"accept": accept})) is expected


def test_no_store_on_a_view_forbids_keeping() -> None:
    @no_store
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert view(RequestFactory().get("/")).headers["Cache-Control"] == "no-store"


def test_no_store_on_an_async_view_forbids_keeping() -> None:
    @no_store
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    assert asyncio.run(view(RequestFactory().get("/"))).headers["Cache-Control"] == "no-store"


def test_no_store_on_a_response_that_says_its_own_keeps_it() -> None:
    @no_store
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Cache-Control": "private, max-age=60"})

    assert view(RequestFactory().get("/")).headers["Cache-Control"] == "private, max-age=60"
