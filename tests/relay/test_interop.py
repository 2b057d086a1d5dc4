"""aiortc's own RTCPeerConnection as the browser: another implementation that answers our offers over ICE-lite."""

import asyncio
import uuid

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack

from tests.relay.house import House
from tests.relay.peer import PATIENCE, rtp


class Browser:
    """A seat held by RTCPeerConnection, sending silence."""

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.name = name
        self.track = AudioStreamTrack()
        self.heard: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("track", self.heard.put_nowait)
        self.connection.addTrack(self.track)

    async def join(self) -> None:
        house = self.house
        house.tell(**{self.name: True})
        house.connections[self.name] = str(uuid.uuid4())
        house.web.send(type="connect", **house.at(self.name))
        offer = await house.web.expect("offer", **house.at(self.name))
        await self.connection.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        sdp = self.connection.localDescription.sdp
        house.web.send(type="answer", offer=offer["offer"], sdp=sdp, **house.at(self.name))
        await house.web.expect("seat", state="connected", **house.at(self.name))

    async def close(self) -> None:
        await self.connection.close()
        self.track.stop()


async def test_another_implementation_connects_and_is_heard(house: House) -> None:
    doctor = await house.join("doctor")
    browser = Browser(house, "patient")
    await browser.join()
    await house.sync()
    await house.settle()
    await doctor.changes.until(lambda: len(doctor.packets) >= 10)
    assert [d["kind"] for d in doctor.offer["down"]] == ["audio"]
    assert all(packet[1] & 0x7F == 111 for packet in doctor.packets)
    for number in range(20):
        silence = rtp(doctor.ssrcs["audio"], number, b"\xf8\xff\xfe", timestamp=960 * number)
        doctor.send(silence)
    while (track := await browser.heard.get()).kind != "audio":
        pass
    async with asyncio.timeout(PATIENCE):
        frame = await track.recv()
    assert frame.pts is not None
    await browser.close()
