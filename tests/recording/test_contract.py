"""What relay/parts.py and relay/shelf.py write is what recordings/parts.py reads, though neither imports the other."""

import struct
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from recordings import parts as reader
from relay import parts as writer
from relay.shelf import LAST, Order, Shelf
from relay.sources import CLOCK_RATE, MEDIA_OF
from tests.recorded import binding

RTP = struct.pack("!BBHII", 0x80, 111, 7, 960, 5) + b"said"


@pytest.fixture
def incoming(tmp_path: Path, settings: Any) -> Path:
    settings.RECORDINGS_DIR = tmp_path
    return tmp_path / "incoming"


def part_of(bound: reader.Binding) -> writer.Part:
    recipient = str(bound.identity.to_public())
    lines = tuple(writer.TrackLine(n, source, 100 + n) for n, source in enumerate(MEDIA_OF))
    tags = [(writer.tag(n, writer.RTP), 10.25 + n / 10, RTP + bytes([n])) for n in range(len(lines))]
    tags.append((writer.tag(1, writer.SENDER_REPORT), 10.75, b"report"))
    whys: tuple[Any, ...] = ("lease", "queue", "disk", "loss", "left")
    return writer.Part(
        stream=writer.Stream(str(bound.recording), str(bound.stream), recipient, bound.mac),
        run="0badcafe",
        began=10.25,
        ended=11.0,
        tracks=lines,
        gaps=tuple(writer.Gap(9.0, 10.0, why) for why in whys),
        arrivals=[value for entry in tags for value in entry],
        size=99,
    )


def test_last_number_of_the_relay_is_the_last_that_is_read() -> None:
    assert LAST == reader.HIGHEST_NUMBER


def test_part_that_the_relay_writes_is_read_back_whole(incoming: Path) -> None:
    bound, wall = binding(uuid4(), uuid4()), writer.Wall(1_790_000_000_000_000, 10.0)
    part, shelf = part_of(bound), Shelf(incoming, reserve=0)
    shelf.prepare()
    order = Order(
        part.stream,
        shelf.next_number(part.stream),
        lambda number: writer.seal(writer.plain_text(part, number, part.gaps, wall), part.stream.recipient),
    )
    shelf.write([order])
    assert reader.list_parts(bound.recording, bound.stream) == reader.Folder(numbers=(order.number,))
    assert reader.path_of(bound.recording, bound.stream, order.number).stat().st_size == order.size
    found = reader.read_part(bound, order.number)
    assert (found.number, found.run) == (1, "0badcafe")
    assert (found.began, found.ended) == (1_790_000_000_250_000, 1_790_000_001_000_000)
    assert {gap.why for gap in found.gaps} == reader.REASONS
    assert {(gap.since, gap.until) for gap in found.gaps} == {(1_789_999_999_000_000, 1_790_000_000_000_000)}
    records = [
        (line.source, line.ssrc, kind, at, found.body[start:end]) for line, kind, at, start, end in found.records()
    ]
    assert [record[:3] for record in records] == [
        *((source, 100 + n, reader.RTP) for n, source in enumerate(MEDIA_OF)),
        (list(MEDIA_OF)[1], 101, reader.SENDER_REPORT),
    ]
    assert [record[4] for record in records] == part.arrivals[2::3]
    assert records[1][3] == pytest.approx(1_790_000_000_350_000, abs=1)


def test_what_a_killed_relay_leaves_is_known_by_its_name(incoming: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bound = binding(uuid4(), uuid4())
    part, shelf = part_of(bound), Shelf(incoming, reserve=0)
    shelf.prepare()
    with monkeypatch.context() as patched:
        patched.setattr("os.link", lambda *given, **fields: 1 / 0)
        patched.setattr("os.unlink", lambda *given, **fields: None)
        order = Order(part.stream, 1, lambda number: b"half")
        shelf.write([order])
    assert isinstance(order.error, ZeroDivisionError)
    assert len(reader.list_parts(bound.recording, bound.stream).unfinished) == 1


def test_both_sides_have_the_same_words() -> None:
    assert reader.FORMAT == writer.FORMAT
    assert (reader.RTP, reader.SENDER_REPORT) == (writer.RTP, writer.SENDER_REPORT)
    assert {source: clock for source, (_, clock) in reader.CODECS.items()} == {
        source: CLOCK_RATE[media] for source, media in MEDIA_OF.items()
    }
