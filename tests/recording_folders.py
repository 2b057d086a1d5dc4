"""A fixture for tests that make recordings: files and keys in a folder of each test's own, and no worker."""

from pathlib import Path
from typing import Any

import pytest

from recordings import hints


@pytest.fixture(autouse=True)
def own_folders(settings: Any, tmp_path: Path) -> Path:
    settings.RECORDINGS_DIR = tmp_path / "recordings"
    settings.RECORDING_KEYS_DIR = tmp_path / "keys"
    place = {**settings.STORAGES["recordings"], "OPTIONS": {"location": tmp_path / "recordings" / "files"}}
    settings.STORAGES = {**settings.STORAGES, "recordings": place}
    return tmp_path


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hints that workers would have heard."""
    heard: list[str] = []
    monkeypatch.setattr(hints, "_tell", heard.append)
    return heard
