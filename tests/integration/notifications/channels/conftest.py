"""Fixtures of the carriers' tests: providers on this machine, and settings that lead to them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notifications import kinds
from notifications.providers import Mail
from tests.integration.notifications.channels.fakes import Mailbox, Web, certificate, mail_server, web_server
from tests.integration.notifications.channels.outbox import KIND


@pytest.fixture(autouse=True)
def kind_of_told_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known in these tests alone."""
    monkeypatch.setitem(kinds._kinds, KIND.name, KIND)


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Mailbox]:
    """A mail server to which settings lead."""
    with mail_server() as box:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
        settings.BASE_URL = "https://clinic.example"
        settings.DEFAULT_FROM_EMAIL = "Housecall <no-reply@clinic.example>"
        yield box


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="session")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("certificate") / "localhost.pem")


@pytest.fixture
def push_service(settings: Any, monkeypatch: pytest.MonkeyPatch, own_certificate: Path) -> Iterator[Web]:
    """A push service with a certificate that is trusted in this test, on the list of known ones."""
    with web_server(own_certificate) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(own_certificate))
        settings.PUSH_HOSTS = (f"localhost:{server.port}",)
        yield server


@pytest.fixture
def postmark(web: Web, settings: Any) -> Web:
    """A provider of mail over HTTP, to which settings lead."""
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": f"http://127.0.0.1:{web.port}/"}
    settings.MAIL = Mail(settings.EMAIL_BACKEND, "postmark", settings.ANYMAIL)
    settings.BASE_URL = "https://clinic.example"
    settings.DEFAULT_FROM_EMAIL = "Housecall <no-reply@clinic.example>"
    return web
