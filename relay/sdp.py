"""Writing the relay's offers (JSEP, RFC 8829). Pure text; reading answers is `answer.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from relay.sources import ABS_SEND_TIME_ID, ABS_SEND_TIME_URI, CODECS, Media

_DISCARD_PORT = 9


@dataclass(frozen=True, slots=True)
class SectionText:
    """One media section of an offer. `ssrc` and `msid` name the track of a section going down."""

    mid: str
    media: Media
    direction: str
    msid: str | None = None
    ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class TransportText:
    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[Candidate, ...]


def write_offer(session: int, version: int, transport: TransportText, sections: Iterable[SectionText]) -> str:
    """The whole offer. `version` must grow from offer to offer of one connection."""
    sections = tuple(sections)
    lines = [
        "v=0",
        f"o=- {session} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(section.mid for section in sections),
        "a=msid-semantic: WMS *",
    ]
    for section in sections:
        lines += _section(section, transport)
    return "\r\n".join(lines) + "\r\n"


def _section(section: SectionText, transport: TransportText) -> list[str]:
    codec = CODECS[section.media]
    number = codec.payload_type
    lines = [
        f"m={section.media} {_DISCARD_PORT} UDP/TLS/RTP/SAVPF {number}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{section.mid}",
        f"a={section.direction}",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:sha-256 {transport.fingerprint}",
        "a=setup:actpass",
        "a=rtcp-mux",
        f"a=extmap:{ABS_SEND_TIME_ID} {ABS_SEND_TIME_URI}",
        f"a=rtpmap:{number} {codec.rtpmap}",
        f"a=fmtp:{number} {codec.fmtp}",
    ]
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in codec.feedback]
    if section.ssrc is not None and section.msid is not None:
        lines.append(f"a=msid:{section.msid}")
        # One CNAME per stream, so that a browser plays the two tracks of a seat in step.
        lines.append(f"a=ssrc:{section.ssrc} cname:{section.msid.partition(' ')[0]}")
        lines.append(f"a=ssrc:{section.ssrc} msid:{section.msid}")
    lines += [_candidate(index, candidate) for index, candidate in enumerate(transport.candidates)]
    lines.append("a=end-of-candidates")
    return lines


def _candidate(index: int, candidate: Candidate) -> str:
    priority = (126 << 24) | ((65535 - index) << 8) | 255
    return f"a=candidate:{index + 1} 1 udp {priority} {candidate.host} {candidate.port} typ host"
