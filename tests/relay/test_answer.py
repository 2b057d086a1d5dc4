"""Reading answers: what browsers write is understood, anything else is one typed error, and soon."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.answer import parse_answer
from relay.errors import SdpError
from tests.relay.steps import counted

FINGERPRINT = ":".join(["AB"] * 32)
CHROMIUM = f"""v=0
o=- 3661161151853229741 3 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1 2
a=msid-semantic: WMS
m=audio 39204 UDP/TLS/RTP/SAVPF 111
c=IN IP4 192.0.2.2
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:2657227299 1 udp 2122194687 192.0.2.2 39204 typ host generation 0 network-id 1
a=ice-ufrag:Afoc
a=ice-pwd:81m5G8kSR8Kl7+4lD9WC3WVb
a=ice-options:trickle
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:active
a=mid:0
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=sendonly
a=msid:- 74f9de60-53aa-4d25-a414-f44ec665209d
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=ssrc:160215840 cname:YQpzhR9BiHdMMxyG
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:active
a=mid:1
a=inactive
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:active
a=mid:2
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
""".replace("\n", "\r\n")


def test_browsers_answer_is_understood() -> None:
    answer = parse_answer(CHROMIUM)
    audio, camera, down = answer.sections
    assert (audio.mid, audio.media, audio.sends, audio.ssrcs) == ("0", "audio", True, (160215840,))
    assert (camera.sends, camera.receives) == (False, False)
    assert (down.sends, down.receives) == (False, True)
    assert [(f.algorithm, f.value) for f in answer.fingerprints] == [("sha-256", FINGERPRINT)]
    assert audio.payload_types == {111}


def test_section_takes_nacks_only_where_it_says_so() -> None:
    kept = CHROMIUM.replace("a=rtpmap:111 opus/48000/2\r\n", "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 nack\r\n", 1)
    assert [section.nack for section in parse_answer(kept).sections] == [True, False, False]
    other = kept.replace("a=rtcp-fb:111 nack", "a=rtcp-fb:111 nack pli").replace(
        "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:97 nack"
    )
    assert not any(section.nack for section in parse_answer(other).sections)


def test_rejected_section_neither_sends_nor_receives() -> None:
    answer = parse_answer(CHROMIUM.replace("m=audio 39204", "m=audio 0"))
    assert not answer.sections[0].sends


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("a=setup:active", "a=setup:passive"),
        ("a=setup:active", "a=setup:sideways"),
        ("a=mid:1\r\n", ""),
        ("a=rtcp-mux\r\n", ""),
        ("m=video 9", "m=application 9"),
        ("m=video 9", "m=video x"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 UDP/TLS/RTP/SAVPF 72"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9 UDP/TLS/RTP/SAVPF 999"),
        (FINGERPRINT, "AB:CD"),
        (FINGERPRINT, FINGERPRINT.replace("AB", "XY")),
        ("sha-256", "md5"),
        ("a=fingerprint:", "a=nothing:"),
        ("a=ssrc:160215840", "a=ssrc:0"),
        ("a=ssrc:160215840", "a=ssrc:99999999999"),
        ("a=ssrc:160215840", "a=ssrc:x"),
        ("a=ssrc:160215840 cname:", "a=ssrc:160215840"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus"),
        (CHROMIUM, ""),
        (CHROMIUM, "v=0"),
        (CHROMIUM, "\0" * 400),
    ],
)
def test_answer_that_is_wrong_is_one_typed_error(old: str, new: str) -> None:
    assert old in CHROMIUM
    with pytest.raises(SdpError):
        parse_answer(CHROMIUM.replace(old, new))


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_mutant_is_understood_or_one_typed_error(dice: random.Random, changes: int) -> None:
    lines = CHROMIUM.split("\r\n")
    for _ in range(changes):
        place = dice.randrange(len(lines))
        line = lines[place]
        cut = dice.randrange(len(line) + 1)
        inserted = line[:cut] + chr(dice.randrange(0x3000)) + line[cut:]
        lines[place] = dice.choice([line[:cut], line[cut:], line + line, inserted, dice.choice(lines)])
        if dice.random() < 0.2:
            del lines[place]
            lines = lines or [""]
    try:
        answer = parse_answer("\r\n".join(lines))
    except SdpError:
        return
    assert answer.sections
    assert answer.fingerprints


def _many(line: str, count: int) -> str:
    return CHROMIUM.replace("a=mid:0\r\n", "a=mid:0\r\n" + "".join(line.format(n) + "\r\n" for n in range(count)))


@pytest.mark.parametrize(
    "text",
    [
        "v=0\r\n" + "a" * 1_000_000,
        "v=0\r\n" + "a=x\r\n" * 200_000,
        "\n" * 1_000_000,
        _many("a=candidate:{} 1 udp 1 192.0.2.2 5 typ host", 3000),
        _many("a=rtpmap:{} VP8/90000", 3000),
        "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 900,
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF " + "1 " * 30_000,
    ],
    ids=["one-megabyte", "short-lines", "only-line-ends", "candidates", "codecs", "sections", "formats"],
)
def test_answer_beyond_bounds_is_refused_at_once(text: str) -> None:
    with pytest.raises(SdpError), counted() as steps:
        parse_answer(text)
    assert steps[0] < 30  # one line of Python is about 0.1 µs: far below 5 ms on any machine


def test_answer_just_within_bounds_stays_cheap() -> None:
    text = _many("a=ssrc:{} cname:x", 20) + "a=rtcp-fb:111 nack\r\n" * 900 + "a=rtpmap:111 opus/48000/2\r\n" * 900
    with pytest.raises(SdpError), counted() as steps:
        parse_answer(text)
    assert steps[0] < 80_000
