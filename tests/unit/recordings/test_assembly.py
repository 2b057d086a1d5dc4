"""From parts to files: what was sent is in them, in its time; what is missing is named; bad lines are put in order."""

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import pytest

from recordings.assembly.clocks import Clocks
from recordings.assembly.making import Made, MadeFile, make_files, report_of
from recordings.assembly.survey import Survey, survey
from recordings.parts import HIGHEST_NUMBER, Binding, path_of
from recordings.sealed import SealedReader
from tests.recorded import (
    BEGAN,
    Arrival,
    Relay,
    Sender,
    binding,
    film,
    person,
    plain_part,
    sealed_part,
    tone,
    write_part,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("incoming", "files")]


@dataclass
class Assembled:
    binding: Binding
    survey: Survey
    made: Made

    def file(self, kind: str = "person") -> MadeFile:
        (found,) = (file for file in self.made.files if file.kind == kind)
        return found

    def packets(self, kind: str = "person") -> dict[str, list[tuple[int, bytes]]]:
        """Time in ms and bytes of every packet, by kind of track, read from the sealed file."""
        found: dict[str, list[tuple[int, bytes]]] = {"audio": [], "video": []}
        with av.open(SealedReader(self.file(kind).sealed, self.binding.identity).as_file(), format="matroska") as file:
            for packet in file.demux():
                if packet.size:
                    found[packet.stream.type].append((round(packet.pts * packet.time_base * 1000), bytes(packet)))
        return found

    def report(self) -> dict[str, Any]:
        return report_of(self.survey, self.made)


def assembled(bound: Binding, last: int = 0, zero: int = BEGAN) -> Assembled:
    found = survey(bound, last, 1, lambda: None)
    return Assembled(bound, found, make_files(bound, found, zero, lambda work: None))


def recorded(arrivals: list[Arrival], **relay: Any) -> Assembled:
    bound = binding(uuid4(), uuid4())
    return assembled(bound, Relay(bound, **relay).write(arrivals))


def senders(**fields: Any) -> dict[str, Sender]:
    return {"voice": Sender("audio", 1, **fields), "camera": Sender("camera", 2, **fields)}


def test_everything_sent_is_in_the_file_in_its_time() -> None:
    found = recorded(person(4, **senders()))
    packets = found.packets()
    assert [data for _, data in packets["audio"]] == list(tone(4))
    assert [data for _, data in packets["video"]] == list(film(100))
    assert [at for at, _ in packets["audio"]] == list(range(0, 4000, 20))
    assert [at for at, _ in packets["video"]] == list(range(0, 4000, 40))
    file = found.file()
    assert (file.offset_ms, file.duration_ms, file.size, file.gaps) == (20, 4000, (160, 120), [])
    assert found.report() == {
        "parts": len(found.survey.good), "missing": [], "refused": {}, "unfinished": 0, "foreign_files": 0,
        "lost_packets": 0, "lost_frames": 0,
    }  # fmt: skip


def test_file_decodes_and_seeks_by_its_index() -> None:
    found = recorded(person(8, **senders()))
    with av.open(SealedReader(found.file().sealed, found.binding.identity).as_file()) as file:
        assert float(file.duration / av.time_base) == pytest.approx(8, abs=0.05)
        shown = [bytes(frame.planes[0])[60 * frame.planes[0].line_size + 80] for frame in file.decode(video=0)]
        file.seek(5_000_000)
        frame = next(file.decode(video=0))
        assert 3.5 <= frame.time <= 5
        file.seek(0)
        heard = sum(frame.samples for frame in file.decode(audio=0))
    assert len(shown) == 200
    assert all(abs(value - (16 + n % 220)) <= 8 for n, value in enumerate(shown))
    assert heard == pytest.approx(8 * 48_000, abs=1000)


def test_reordered_and_doubled_packets_and_numbers_that_wrap_change_nothing() -> None:
    straight = person(3, **senders(number=65_500, stamp=2**32 - 60_000))
    dice = random.Random(5)
    first = {(a.source, a.kind): a for a in reversed(straight)}.values()
    shaken = [
        Arrival(a.at + (0 if a in first else dice.randrange(30_000)), a.source, a.packet, a.kind, a.ssrc, a.run)
        for a in straight
        for _ in range(dice.choice((1, 1, 2)))
    ]
    found = recorded(shaken)
    packets = found.packets()
    assert [data for _, data in packets["audio"]] == list(tone(3))
    assert [data for _, data in packets["video"]] == list(film(75))
    assert found.report()["lost_packets"] == 0


def test_lost_voice_is_silence_of_the_same_length_and_named() -> None:
    voice = Sender("audio", 1)
    sent = [voice.sound(n * 20_000, data) for n, data in enumerate(tone(4))]
    found = recorded(sent[:50] + sent[90:])
    audio = found.packets()["audio"]
    assert [at for at, _ in audio] == list(range(0, 4000, 20))
    assert {data for _, data in audio[50:90]} == {b"\xf8\xff\xfe"}
    assert found.file().gaps == [{"from": 1020, "to": 1820, "why": "loss", "source": "audio"}]
    assert found.report()["lost_packets"] == 40


def test_voice_switched_off_by_its_owner_is_no_loss() -> None:
    voice = Sender("audio", 1)
    sent = [voice.sound(n * 20_000 + (1_000_000 if n >= 50 else 0), data) for n, data in enumerate(tone(2))]
    found = recorded(sent)
    assert found.file().gaps == [{"from": 1020, "to": 2020, "why": "off", "source": "audio"}]
    assert len(found.packets()["audio"]) == 150


def test_after_a_lost_packet_no_frame_is_shown_until_the_next_key_frame() -> None:
    camera = Sender("camera", 2)
    sent = [camera.frame(n * 40_000, data) for n, data in enumerate(film(150))]
    assert len(sent[20]) == 1
    arrivals = [packet for n, frame in enumerate(sent) if n != 20 for packet in frame]
    found = recorded(arrivals)
    shown = [data for _, data in found.packets()["video"]]
    assert shown == [data for n, data in enumerate(film(150)) if not 20 <= n < 50]
    assert found.file().gaps == [{"from": 780, "to": 2020, "why": "loss", "source": "camera"}]


def test_lost_padding_costs_no_frame() -> None:
    camera = Sender("camera", 2)
    sent = []
    for n, data in enumerate(film(50)):
        sent.append(camera.frame(n * 40_000, data))
        if n == 20:
            camera.number += 3  # Probes without a payload, which got lost.
    found = recorded([packet for frame in sent for packet in frame])
    assert [data for _, data in found.packets()["video"]] == list(film(50))


def test_camera_is_in_step_with_the_voice_by_the_senders_reports() -> None:
    people = senders()
    people["camera"].delay = 140_000  # The encoder's time: alike in every frame, so arrivals alone cannot show it.
    found = recorded(person(6, **people))
    packets = found.packets()
    assert packets["video"][0][0] - packets["audio"][0][0] == 0
    without = recorded(person(6, **{**senders(), "camera": Sender("camera", 2, delay=140_000)}, reports=False))
    assert without.packets()["video"][0][0] == 120


def test_delay_that_comes_and_goes_moves_nothing() -> None:
    voice, camera = Sender("audio", 1), Sender("camera", 2)
    sent = [voice.sound(n * 20_000, data, late=800_000 if 150 <= n < 300 else 0) for n, data in enumerate(tone(9))]
    for n, data in enumerate(film(225)):
        sent += camera.frame(n * 40_000, data, late=800_000 if 75 <= n < 150 else 0)
    packets = recorded(sent).packets()
    assert [data for _, data in packets["audio"]] == list(tone(9))
    assert [at for at, _ in packets["video"]] == list(range(0, 9000, 40))


def test_clock_that_drifts_stays_in_step_with_its_arrivals() -> None:
    # Far more than any clock: 3000 µs a second, so that a minute shows it.
    voice = Sender("audio", 1, drift=3000.0)
    sent = [voice.sound(n * 20_000, tone(1)[n % 50]) for n in range(3000)]
    found = recorded(sent)
    assert found.file().duration_ms == pytest.approx(60_000, abs=60)


def test_person_who_comes_back_is_one_file_with_the_time_away_in_it() -> None:
    first = person(3, **senders())
    again = person(3, **senders(run="bb", stamp=77, number=9), begin=8_000_000)
    bound = binding(uuid4(), uuid4())
    last = Relay(bound, gaps=[(3_000_000, 8_000_000, "left")]).write(first + again)
    found = assembled(bound, last)
    packets = found.packets()
    assert [at for at, _ in packets["video"]][75] == 8000
    assert [at for at, _ in packets["audio"]] == list(range(0, 11_000, 20))
    assert found.file().gaps == [{"from": 3000, "to": 8000, "why": "left", "source": ""}]


def test_changed_ssrc_goes_on_in_the_same_file() -> None:
    camera, other = Sender("camera", 2), Sender("camera", 3, stamp=12345, number=500)
    sent = [camera.frame(n * 40_000, data) for n, data in enumerate(film(50))]
    sent += [other.frame(2_000_000 + n * 40_000, data) for n, data in enumerate(film(50))]
    found = recorded([packet for frame in sent for packet in frame])
    assert [at for at, _ in found.packets()["video"]] == list(range(0, 4000, 40))


def test_screen_is_a_file_of_its_own_with_its_place_on_the_timeline() -> None:
    screen = Sender("screen", 3)
    shared = [
        packet for n, data in enumerate(film(50, 320, 240)) for packet in screen.frame(2_000_000 + n * 40_000, data)
    ]
    found = recorded(person(5, **senders()) + shared)
    assert found.file("screen").offset_ms == 2020
    assert found.file("screen").size == (320, 240)
    assert len(found.packets("screen")["video"]) == 50
    assert len(found.packets("person")["video"]) == 125


def test_picture_that_changes_its_size_is_one_track() -> None:
    camera = Sender("camera", 2)
    both = [*film(25), *film(25, 320, 240), *film(25)]
    found = recorded([packet for n, data in enumerate(both) for packet in camera.frame(n * 40_000, data)])
    assert found.file().size == (320, 240)
    with av.open(SealedReader(found.file().sealed, found.binding.identity).as_file()) as file:
        sizes = [(frame.width, frame.height) for frame in file.decode(video=0)]
    assert sizes == [(160, 120)] * 25 + [(320, 240)] * 25 + [(160, 120)] * 25


def test_missing_changed_swapped_and_foreign_parts_are_named_and_the_rest_plays() -> None:
    bound = binding(uuid4(), uuid4())
    last = Relay(bound).write(person(10, **senders()))
    assert last >= 10
    paths = {n: path_of(bound.recording, bound.stream, n) for n in range(1, last + 1)}
    paths[2].unlink()
    paths[4].write_bytes(paths[4].read_bytes()[:-1])
    swapped = paths[6].read_bytes()
    paths[6].write_bytes(paths[7].read_bytes())
    paths[7].write_bytes(swapped)
    stranger = Binding(bound.recording, uuid4(), bound.mac, bound.identity)
    write_part(bound, 9, sealed_part(bound, plain_part(stranger, 9, [], began=0, ended=1)))
    (paths[1].parent / "notes.txt").write_text("x")
    found = assembled(bound, last + 2)
    assert found.report()["missing"] == [[2, 2], [last + 1, last + 2]]
    assert found.report()["refused"] == {"4": "changed", "6": "swapped", "7": "swapped", "9": "foreign"}
    assert found.report()["foreign_files"] == 1
    whys = [gap["why"] for gap in found.file().gaps if not gap["source"]]
    assert whys == ["missing", "changed", "changed", "changed"]
    assert len(found.packets()["audio"]) == 500


def test_stamps_made_up_at_random_cannot_stretch_the_file() -> None:
    dice = random.Random(6)
    voice = Sender("audio", 1)
    sent = []
    for n, data in enumerate(tone(3)):
        voice.stamp = dice.randrange(2**32)
        sent.append(voice.sound(n * 20_000, data))
    found = recorded(sent)
    assert found.file().duration_ms <= 13_000


def test_packets_of_nonsense_make_no_file_and_no_error() -> None:
    dice = random.Random(7)
    sent = [Arrival(n * 1000, dice.choice(("audio", "camera")), dice.randbytes(dice.randrange(80)), n % 2, 5)
            for n in range(3000)]  # fmt: skip
    found = recorded(sent)
    assert found.survey.refused == {}
    assert all(file.duration_ms < 20_000 for file in found.made.files)


def test_stream_without_parts_makes_no_file(files: Path) -> None:
    found = assembled(binding(uuid4(), uuid4()), last=3)
    assert found.made.files == []
    assert found.report()["missing"] == [[1, 3]]
    assert not files.exists()


def test_writing_that_fails_leaves_no_block(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = binding(uuid4(), uuid4())
    last = Relay(bound).write(person(3, **senders()))
    found = survey(bound, last, 1, lambda: None)
    monkeypatch.setattr("recordings.assembly.making.verify", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_files(bound, found, BEGAN, lambda work: None)
    assert not list(files.rglob("*.age"))


YEAR = 365 * 86_400_000_000


def moved_parts(bound: Binding, clock: int, number: int = 1, run: str = "aa") -> int:
    """Two seconds of somebody over a relay whose wall clock is off by so many µs."""
    sent = person(2, **{name: replace(sender, run=run) for name, sender in senders().items()})
    for began in (0, 1_020_000):
        batch = sorted((one for one in sent if began <= one.at < began + 1_020_000), key=lambda one: one.at)
        first, last = batch[0].at, batch[-1].at
        times = {"began": BEGAN + first + clock, "ended": BEGAN + last + clock}
        write_part(
            bound, number, sealed_part(bound, plain_part(bound, number, batch, began=first, ended=last, changed=times))
        )
        number += 1
    return number


@pytest.mark.parametrize("clock", [56 * YEAR, -30 * YEAR])
def test_relay_started_again_under_another_time_goes_on_where_the_first_ended(clock: int) -> None:
    bound = binding(uuid4(), uuid4())
    last = moved_parts(bound, clock, moved_parts(bound, 0), run="bb") - 1
    found = assembled(bound, last)
    assert 3900 < found.file().duration_ms < 4200
    assert len(found.packets()["audio"]) >= 199
    assert len(found.packets()["video"]) == 100


def test_people_whose_relay_was_started_again_under_another_time_stay_in_step() -> None:
    clocks = Clocks(BEGAN)
    first, late = binding(uuid4(), uuid4()), binding(uuid4(), uuid4())
    moved_parts(first, 40 * YEAR, moved_parts(first, 0), run="bb")
    moved_parts(late, 40 * YEAR, run="cc")
    one, other = (survey(bound, 0, 1, lambda: None, clocks) for bound in (first, late))
    assert one.first_time() == pytest.approx(BEGAN, abs=100_000)
    assert other.first_time() == pytest.approx(BEGAN + 2_000_000, abs=100_000)


def test_file_under_an_absurd_number_is_refused_and_makes_nobody_count_to_it() -> None:
    bound = binding(uuid4(), uuid4())
    Relay(bound).write(person(1, **senders()))
    write_part(bound, HIGHEST_NUMBER, b"forged")
    write_part(bound, HIGHEST_NUMBER + 1, b"no relay writes so high a number")
    found = survey(bound, 3, 1, lambda: None)
    assert found.refused == {HIGHEST_NUMBER: "changed"}
    assert found.missing == [(max(found.good) + 1, 3)]
