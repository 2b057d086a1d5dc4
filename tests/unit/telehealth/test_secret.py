"""The generated secret: private, made once, the same for processes that start together."""

import multiprocessing
import stat
from pathlib import Path

from telehealth.secret import read_or_create


def test_secret_made_is_long_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    first = read_or_create(path)
    assert len(first) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert read_or_create(path) == first
    assert [file.name for file in path.parent.iterdir()] == ["secret_key"]


def test_secret_made_by_processes_at_once_is_one(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        secrets = pool.map(read_or_create, [path] * 16, chunksize=1)
    assert len(set(secrets)) == 1
    assert secrets[0] == path.read_text()
