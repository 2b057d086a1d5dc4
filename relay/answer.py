"""Reading a browser's answer: bounds first, then aiortc's parser, then one typed result or one typed error."""

from __future__ import annotations

from dataclasses import dataclass

from aiortc import sdp as aiortc_sdp

from relay.errors import SdpError
from relay.limits import MAX_SDP_BYTES, MAX_SDP_LINE_BYTES, MAX_SDP_LINES, MAX_SDP_SECTIONS, MAX_SDP_SSRCS
from relay.sources import CODECS, Media

_DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_SENDING = frozenset({"sendonly", "sendrecv"})
_RECEIVING = frozenset({"recvonly", "sendrecv"})
# All that the relay reads. Candidates are never used (addresses must prove themselves); feedback and format
# parameters are the relay's own. What is not read here cannot be slow or harmful in the parser either.
_KEPT = ("v=", "o=", "s=", "t=", "m=", "a=mid:", "a=setup:", "a=fingerprint:", "a=ssrc:", "a=rtpmap:", "a=rtcp-mux")
_NACK_LINES: dict[Media, frozenset[str]] = {
    media: frozenset({f"a=rtcp-fb:{codec.payload_type} nack", "a=rtcp-fb:* nack"}) for media, codec in CODECS.items()
}
_DIRECTIONS = frozenset({"a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive"})


@dataclass(frozen=True, slots=True)
class Fingerprint:
    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class AnswerSection:
    mid: str
    media: str
    sends: bool
    receives: bool
    ssrcs: tuple[int, ...]
    payload_types: frozenset[int]
    nack: bool  # takes NACKs, and so sends again what it is asked for


@dataclass(frozen=True, slots=True)
class Answer:
    fingerprints: tuple[Fingerprint, ...]
    sections: tuple[AnswerSection, ...]


def parse_answer(text: str) -> Answer:
    """The answer, or SdpError. Bounded in time whatever the text is."""
    lines = _bounded(text)
    kept = [line for line in lines if line.startswith(_KEPT) or line.rstrip() in _DIRECTIONS]
    try:
        session = aiortc_sdp.SessionDescription.parse("\r\n".join(kept) + "\r\n")
        sections = tuple(map(_section, session.media, _nacks(lines)))
        fingerprints = _fingerprints(session)
    except SdpError:
        raise
    except Exception as error:  # the parser's edge: it raises seven kinds, AssertionError among them
        raise SdpError("The answer cannot be read.") from error
    return Answer(fingerprints, sections)


def _bounded(text: str) -> list[str]:
    if len(text) > MAX_SDP_BYTES:
        raise SdpError("The answer is too long.")
    if text.count("\n") > MAX_SDP_LINES or text.count("a=ssrc:") > MAX_SDP_SSRCS:
        raise SdpError("The answer has too many lines.")
    if not 0 < text.count("m=audio") + text.count("m=video") <= MAX_SDP_SECTIONS:
        raise SdpError("The answer has no section, or too many.")
    lines = text.splitlines()
    if len(lines) > MAX_SDP_LINES:
        raise SdpError("The answer has too many lines.")
    if max(map(len, lines), default=0) > MAX_SDP_LINE_BYTES:
        raise SdpError("A line of the answer is too long.")
    sections = sum(line.startswith("m=") for line in lines)
    if not 0 < sections <= MAX_SDP_SECTIONS:
        raise SdpError("The answer has no section, or too many.")
    if not lines[0].startswith("v=0"):
        raise SdpError("The answer does not begin with its version.")
    return lines


def _nacks(lines: list[str]) -> list[bool]:
    """Of each section, whether it takes plain NACKs. The parser would try each line on each codec."""
    found: list[bool] = []
    wanted: frozenset[str] = frozenset()
    for line in lines:
        if line.startswith("m="):
            found.append(False)
            wanted = _NACK_LINES["audio" if line.startswith("m=audio") else "video"]
        elif line.rstrip() in wanted:
            found[-1] = True
    return found


def _section(media: aiortc_sdp.MediaDescription, nack: bool) -> AnswerSection:
    if media.kind not in ("audio", "video"):
        raise SdpError("The answer has a section of a kind that was not offered.")
    mid = media.rtp.muxId
    if not mid:
        raise SdpError("A section of the answer has no mid.")
    open_ = media.port != 0
    if open_ and not media.rtcp_mux and media.direction != "inactive":
        raise SdpError("A section of the answer does not multiplex RTCP.")
    direction = media.direction or "sendrecv"
    ssrcs = tuple(entry.ssrc for entry in media.ssrc)
    if any(not 0 < ssrc < 1 << 32 for ssrc in ssrcs):
        raise SdpError("The answer names an impossible SSRC.")
    return AnswerSection(
        mid=mid,
        media=media.kind,
        sends=open_ and direction in _SENDING,
        receives=open_ and direction in _RECEIVING,
        ssrcs=ssrcs,
        payload_types=frozenset(media.fmt),
        nack=nack,
    )


def _fingerprints(session: aiortc_sdp.SessionDescription) -> tuple[Fingerprint, ...]:
    found: dict[Fingerprint, None] = {}
    for media in session.media:
        if media.port == 0 and media.dtls is None:
            continue
        if media.dtls is None or media.dtls.role != "client":
            raise SdpError("The answer must take the active side of DTLS.")
        for entry in media.dtls.fingerprints:
            algorithm = entry.algorithm.lower()
            if algorithm not in _DIGESTS:
                continue
            parts = entry.value.split(":")
            if len(parts) != _DIGESTS[algorithm] or any(len(part) != 2 for part in parts):
                raise SdpError("The answer's fingerprint is malformed.")
            bytes.fromhex("".join(parts))
            found[Fingerprint(algorithm, entry.value.upper())] = None
    if not found or len(found) > 3:
        raise SdpError("The answer needs one fingerprint.")
    return tuple(found)
