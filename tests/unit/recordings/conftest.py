"""A clinic's keys and the storage of sealed files, in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """Where STORAGES["recordings"] keeps its blocks in this test."""
    folder = tmp_path / "files"
    backend = django_settings.STORAGES["recordings"]["BACKEND"]
    settings.STORAGES = {
        **django_settings.STORAGES,
        "recordings": {"BACKEND": backend, "OPTIONS": {"location": folder}},
    }
    yield folder
    storages._storages.clear()


@pytest.fixture
def incoming(tmp_path: Path, settings: Any) -> Path:
    """Where relays write in this test."""
    settings.RECORDINGS_DIR = tmp_path
    return tmp_path / "incoming"
