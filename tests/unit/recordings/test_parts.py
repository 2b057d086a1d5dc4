"""Parts read back: whole ones give their packets; changed, cut, foreign, swapped are named; nonsense is one error."""

import hmac
import json
import os
import random
from pathlib import Path
from uuid import uuid4

import pyrage
import pytest

from recordings.parts import LARGEST, Binding, Folder, Gap, PartError, Track, list_parts, open_part, path_of, read_part
from tests.recorded import BEGAN, Relay, Sender, binding, person, plain_part, sealed_part, write_part

HERE = binding(uuid4(), uuid4())
VOICE = person(1, voice=Sender("audio", 7))


def whole(number: int = 1, bound: Binding = HERE) -> bytes:
    return sealed_part(bound, plain_part(bound, number, VOICE, began=0, ended=1_000_000))


def signed(body: bytes, bound: Binding = HERE) -> bytes:
    return sealed_part(bound, body + hmac.digest(bound.mac, body, "sha256"))


def refusal(sealed: bytes, number: int = 1, bound: Binding = HERE) -> str:
    with pytest.raises(PartError) as caught:
        list(open_part(sealed, bound, number).records())
    return caught.value.code


def test_whole_part_gives_every_packet_as_it_came() -> None:
    plain = plain_part(HERE, 3, VOICE, began=5, ended=1_000_000, gaps=[(1, 4, "lease")], changed={"run": "cafe"})
    part = open_part(sealed_part(HERE, plain), HERE, 3)
    assert (part.number, part.run, part.began, part.ended) == (3, "cafe", BEGAN + 5, BEGAN + 1_000_000)
    assert part.gaps == (Gap(BEGAN + 1, BEGAN + 4, "lease"),)
    assert part.tracks == {0: Track("audio", 7, 48_000)}
    found = [(track.source, kind, at, part.body[start:end]) for track, kind, at, start, end in part.records()]
    assert found == [(a.source, a.kind, BEGAN + a.at, a.packet) for a in VOICE]


def test_every_flipped_bit_is_found() -> None:
    sealed, dice = whole(), random.Random(4)
    for _ in range(100):
        changed = bytearray(sealed)
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
        assert refusal(bytes(changed)) == "changed"


@pytest.mark.parametrize("length", [0, 1, 20, 199, -1, -16])
def test_cut_part_is_found(length: int) -> None:
    assert refusal(whole()[:length]) == "changed"


def test_part_sealed_by_somebody_without_the_mac_is_foreign() -> None:
    stranger = Binding(HERE.recording, HERE.stream, b"x" * 32, HERE.identity)
    assert refusal(whole(bound=stranger)) == "foreign"


def test_part_of_another_person_or_recording_is_foreign() -> None:
    for other in (
        Binding(HERE.recording, uuid4(), HERE.mac, HERE.identity),
        Binding(uuid4(), HERE.stream, HERE.mac, HERE.identity),
    ):
        assert refusal(whole(bound=other)) == "foreign"


def test_part_sealed_to_another_key_is_not_opened() -> None:
    other = binding(HERE.recording, HERE.stream)
    assert refusal(whole(bound=other)) == "changed"


def test_part_under_another_number_is_swapped() -> None:
    assert refusal(whole(number=2), number=1) == "swapped"


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"format": True},
        {"began": -1},
        {"began": "now"},
        {"ended": 1 << 60},
        {"run": 5},
        {"run": "x" * 300},
        {"tracks": [{"track": 0, "source": "audio", "ssrc": 7, "codec": "opus", "clock": 90_000}]},
        {"tracks": [{"track": 0, "source": "window", "ssrc": 7, "codec": "vp8", "clock": 90_000}]},
        {"tracks": [{"track": 0, "source": [], "ssrc": 7, "codec": "vp8", "clock": 90_000}]},
        {"tracks": [{"track": 256, "source": "audio", "ssrc": 7, "codec": "opus", "clock": 48_000}]},
        {"tracks": [{"track": 0, "source": "audio", "ssrc": 1 << 32, "codec": "opus", "clock": 48_000}]},
        {"tracks": 5},
        {"tracks": [5]},
        {"tracks": []},
        {"gaps": [{"from": 1, "to": 2, "why": "tired"}]},
        {"gaps": [{"from": 1, "to": 2, "why": []}]},
        {"gaps": [{"from": 1}]},
        {"gaps": None},
    ],
    ids=repr,
)
def test_header_that_cannot_be_is_malformed(changed: dict[str, object]) -> None:
    plain = plain_part(HERE, 1, VOICE, began=0, ended=1, changed=changed)
    assert refusal(sealed_part(HERE, plain)) == "malformed"


@pytest.mark.parametrize("body", [b"", b"x", b"\n", b"{}\n", b"[]\n", b"[" * 100_000 + b"\n", b"\xff\xfe\n", b"1" * 99])
def test_signed_nonsense_is_malformed(body: bytes) -> None:
    assert refusal(signed(body)) == "malformed"


@pytest.mark.parametrize("tail", [b"\0", b"\0\0\0\0\0\0\0", b"\0\0\0\0\0\0\0\5abcd", b"\7\0\0\0\0\0\0\0"])
def test_record_that_does_not_fit_is_malformed(tail: bytes) -> None:
    plain = plain_part(HERE, 1, VOICE, began=0, ended=1)
    assert refusal(signed(plain[:-32] + tail)) == "malformed"


def test_part_larger_than_any_is_not_read(incoming: Path) -> None:
    path = path_of(HERE.recording, HERE.stream, 1)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        os.truncate(file.fileno(), LARGEST + 1)
    with pytest.raises(PartError, match="larger"):
        read_part(HERE, 1)


def test_name_that_leads_elsewhere_or_holds_up_is_foreign(incoming: Path) -> None:
    write_part(HERE, 1, whole())
    folder = path_of(HERE.recording, HERE.stream, 1).parent
    (folder / "00000002.age").symlink_to(folder / "00000001.age")
    os.mkfifo(folder / "00000003.age")
    (folder / "00000004.age").mkdir()
    for number in (2, 3, 4):
        with pytest.raises(PartError) as caught:
            read_part(HERE, number)
        assert caught.value.code == "foreign"
    assert read_part(HERE, 1).number == 1


def test_folder_lists_parts_and_names_strangers(incoming: Path) -> None:
    Relay(HERE).write(VOICE)
    write_part(HERE, 12, b"")
    folder = path_of(HERE.recording, HERE.stream, 1).parent
    half = ".0123456789abcdef-7.part"
    for name in ("1.age", half, "00000003.refused", "99999999.age", "x"):
        (folder / name).write_bytes(b"")
    assert list_parts(HERE.recording, HERE.stream) == Folder((1, 12), (half,), ("1.age", "99999999.age", "x"))
    assert list_parts(HERE.recording, uuid4()) == Folder()


def test_every_binding_of_the_header_is_under_the_mac() -> None:
    plain = plain_part(HERE, 1, VOICE, began=0, ended=1)
    line, _, rest = plain.partition(b"\n")
    header = json.loads(line)
    for name, value in (("number", 2), ("stream", str(uuid4())), ("recording", str(uuid4())), ("began", 4)):
        forged = json.dumps({**header, name: value}).encode() + b"\n" + rest
        assert refusal(pyrage.encrypt(forged, [HERE.identity.to_public()])) == "foreign"
