"""A file that was put together, in Chromium: it seeks, and after a hole voice and picture are still in step."""

import base64
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import storages
from playwright.sync_api import Browser

from recordings.assembly.making import make_files
from recordings.assembly.survey import survey
from recordings.sealed import SealedReader
from tests.recorded import BEGAN, Arrival, Relay, Sender, binding, film, tone

pytestmark = pytest.mark.alone
HOLE_BEGINS, HOLE_ENDS, ENDS = 2, 5, 8
LOW, HIGH = 440, 1760

# Plays the file and tells at which moment of the picture the high tone sets in, then seeks.
PLAY = """async (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const film = document.createElement('video');
  film.src = URL.createObjectURL(new Blob([bytes], { type: 'video/webm' }));
  document.body.append(film);
  const sound = new AudioContext();
  await sound.resume();
  const ear = new AnalyserNode(sound, { fftSize: 1024, smoothingTimeConstant: 0 });
  sound.createMediaElementSource(film).connect(ear).connect(sound.destination);
  const heard = new Float32Array(ear.frequencyBinCount);
  const loudest = () => {
    ear.getFloatFrequencyData(heard);
    const bin = heard.indexOf(Math.max(...heard));
    return heard[bin] < -60 ? 0 : (bin * sound.sampleRate) / ear.fftSize;
  };
  await film.play();
  const until = (happened) => new Promise((done) => {
    const look = () => (happened() || film.ended ? done() : requestAnimationFrame(look));
    look();
  });
  await until(() => loudest() > 1000);
  const highAt = film.currentTime;
  film.pause();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 8;
  const brush = canvas.getContext('2d');
  const light = async (at) => {
    // A seek is over before its picture can be drawn.
    const shown = new Promise((done) => film.requestVideoFrameCallback(done));
    film.currentTime = at;
    await new Promise((done) => film.addEventListener('seeked', done, { once: true }));
    await shown;
    brush.drawImage(film, 0, 0, 8, 8);
    return brush.getImageData(4, 4, 1, 1).data[0];
  };
  const lights = [await light(7), await light(1), await light(4)];
  return { highAt, lights, duration: film.duration, width: film.videoWidth, fault: film.error?.message ?? null };
}"""


@pytest.fixture
def made(tmp_path: Path, settings: Any) -> bytes:
    """A film that grows lighter; its voice is low, then lost for three seconds, then high."""
    settings.RECORDINGS_DIR = tmp_path
    options = {"location": tmp_path / "files"}
    settings.STORAGES = {
        **django_settings.STORAGES,
        "recordings": {**django_settings.STORAGES["recordings"], "OPTIONS": options},
    }
    voice, camera, bound = Sender("audio", 1), Sender("camera", 2), binding(uuid4(), uuid4())
    words = tone(ENDS, LOW)[: HOLE_BEGINS * 50] + tone(ENDS, HIGH)[HOLE_BEGINS * 50 :]
    sent: list[Arrival] = []
    for number, data in enumerate(words):
        packet = voice.sound(number * 20_000, data)
        if not HOLE_BEGINS * 50 <= number < HOLE_ENDS * 50:
            sent.append(packet)
    for number, data in enumerate(film(ENDS * 25)):
        sent += camera.frame(number * 40_000, data)
    last = Relay(bound).write(sent)
    [file] = make_files(bound, survey(bound, last, 1, lambda: None), BEGAN, lambda work: None).files
    data = SealedReader(file.sealed, bound.identity).read(0, file.sealed.size)
    storages._storages.clear()
    return data


def test_file_seeks_and_is_in_step_after_a_hole_in_the_voice(made: bytes, browser: Browser) -> None:
    page = browser.new_page()
    try:
        found = page.evaluate(PLAY, base64.b64encode(made).decode())
    finally:
        page.close()
    assert found["fault"] is None
    assert found["highAt"] == pytest.approx(HOLE_ENDS, abs=0.3)
    assert found["duration"] == pytest.approx(ENDS, abs=0.1)
    assert found["width"] == 160
    late, early, middle = found["lights"]
    assert early < middle < late
