"""Recording a visit and playing it back on the pages, as people do it; and what a player shows. Holds no assertion."""

from dataclasses import dataclass

from tests.browser.clapper import CHECK_BITS, STAMP_BITS, STRIP
from tests.browser.people import PATIENCE, Tab, press

# Of each film on the page: where it stands, when the picture that it shows was drawn (null: cannot be read), and
# whether sound was decoded.
_SHOWN = f"""(() => [...document.querySelectorAll('video')].map((film) => {{
  const canvas = document.createElement('canvas');
  Object.assign(canvas, {{ width: film.videoWidth, height: film.videoHeight }});
  if (!film.videoWidth) return [film.currentTime, null, 0];
  const brush = canvas.getContext('2d');
  brush.drawImage(film, 0, 0);
  const row = brush.getImageData(0, Math.floor(canvas.height * {1 - STRIP / 2}), canvas.width, 1).data;
  let stamp = 0;
  let check = 0;
  for (let cell = 0; cell < {STAMP_BITS + CHECK_BITS}; cell++) {{
    const bit = Number(row[4 * Math.floor(canvas.width * (cell + 0.5) / {STAMP_BITS + CHECK_BITS})] > 128);
    if (cell < {STAMP_BITS}) stamp = stamp * 2 + bit;
    else check = check * 2 + bit;
  }}
  let sum = 0;
  for (let rest = stamp; rest; rest = Math.floor(rest / 16)) sum = (sum + rest % 16) % 16;
  return [film.currentTime, sum === check ? stamp : null, film.webkitAudioDecodedByteCount];
}}))()"""


@dataclass(frozen=True)
class Shown:
    """One film on a page."""

    at: float
    drawn: int | None
    sound_bytes: int


def shown(tab: Tab) -> list[Shown]:
    """What each film of the page shows now."""
    return [Shown(*entry) for entry in tab.evaluate(_SHOWN)]


def ask_to_record(doctor: Tab) -> None:
    """The doctor presses Record and agrees."""
    press(doctor, "record")
    doctor.click("[data-record-start] button[value=start]")


def answer(tab: Tab, decision: str) -> None:
    """Answer the question whether one may be recorded: permit or deny."""
    tab.wait_for("document.querySelector('[data-record-question][open]')")
    tab.click(f"[data-record-question] button[value={decision}]")


def sees_the_light(tab: Tab, on: bool = True, seconds: float = PATIENCE) -> None:
    """Wait until the page says that the visit is being recorded, or that it is not."""
    tab.wait_for(f"document.documentElement.dataset.recording {'===' if on else '!=='} 'on'", seconds)


def withdraw(tab: Tab) -> None:
    """By the sign beside the clock: no more of me."""
    tab.click("[data-recording-pill]")
    tab.click("[data-record-mine] button[value=deny]")


def stop_recording(doctor: Tab) -> None:
    press(doctor, "record")
    doctor.click("[data-record-running] button[value=stop]")


def plays(tab: Tab, address: str, films: int) -> list[Shown]:
    """Open a player and press play; wait until every film moves on, sounds, and shows when it was drawn."""
    tab.goto(address)
    tab.wait_for(f"document.querySelectorAll('video').length === {films}")
    tab.click("[data-act=play]")
    first = f"{_SHOWN}.every(([at, drawn, sound]) => drawn !== null && sound > 0)"
    tab.wait_for(f"{first} && (window.firstShown ??= {_SHOWN})")
    moved = "every(([at, drawn], place) => drawn !== null && drawn !== window.firstShown[place][1])"
    tab.wait_for(f"{_SHOWN}.{moved}")
    return shown(tab)
