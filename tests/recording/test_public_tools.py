"""The recipe of docs/recording.md, run as it stands there: a part and a file are opened without any program of ours."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages

from recordings import keystore
from recordings.assembly.making import make_files
from recordings.assembly.survey import survey
from recordings.parts import Binding
from tests.recorded import BEGAN, Relay, Sender, person

DOCUMENT = Path(__file__).parents[2] / "docs" / "recording.md"


def recipe() -> str:
    [found] = re.findall(r"^```sh\n(.*?)^```$", DOCUMENT.read_text(), flags=re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.mark.slow
def test_recipe_opens_a_part_and_a_file_with_public_tools(tmp_path: Path, settings: Any) -> None:
    settings.RECORDINGS_DIR, settings.RECORDING_KEYS_DIR = tmp_path / "recordings", tmp_path / "keys"
    options = {"location": tmp_path / "recordings" / "files"}
    settings.STORAGES = {
        **django_settings.STORAGES,
        "recordings": {**django_settings.STORAGES["recordings"], "OPTIONS": options},
    }
    clinic, recording, stream = uuid4(), uuid4(), uuid4()
    keystore.create_clinic_key(clinic)
    keystore.new_stream_key(clinic, stream)
    mac = keystore.new_mac(clinic, recording)
    keystore.rotate(clinic)
    bound = Binding(recording, stream, mac, keystore.stream_identity(clinic, stream))
    last = Relay(bound).write(person(2, voice=Sender("audio", 1), camera=Sender("camera", 2)))
    [made] = make_files(bound, survey(bound, last, 1, lambda: None), BEGAN, lambda work: None).files
    storages._storages.clear()
    done = subprocess.run(
        ["sh", "-eu", "-c", recipe()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            **os.environ,
            "KEYS": str(tmp_path / "keys"),
            "RECORDINGS": str(tmp_path / "recordings"),
            "CLINIC": str(clinic),
            "RECORDING": str(recording),
            "STREAM": str(stream),
            "FILE": str(made.sealed.file),
        },
    )
    assert done.returncode == 0, done.stderr
    header, stands, should = done.stdout.splitlines()
    assert (json.loads(header)["number"], len(stands)) == (1, 64)
    assert stands == should
    with av.open(str(tmp_path / "person.webm")) as file:
        assert sum(1 for packet in file.demux() if packet.size) == 150
    assert not (tmp_path / "stream.key").exists()
