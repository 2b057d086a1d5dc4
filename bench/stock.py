"""The relay's row of comparison: stock aiortc connections, packets taken and given at the DTLS transport, nothing more.

Speaks as much of the relay's control link as the load needs. No ring, no numbers of its own, no reports, no rules.
"""

import argparse
import asyncio
import json
from collections import defaultdict
from functools import partial
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription


class Stock:
    """Rooms of connections; each packet goes to all others of its room."""

    def __init__(self) -> None:
        self._connections: dict[str, RTCPeerConnection] = {}
        self._rooms: dict[str, dict[str, Any]] = defaultdict(dict)  # transports by connection
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            handler = {"connect": self._connect, "answer": self._answer}.get(message["type"])
            if handler is not None:
                task = asyncio.create_task(handler(message, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _connect(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections[message["connection"]] = connection
        for kind in ("audio", "video"):
            connection.addTransceiver(kind, direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        room = self._rooms[message["room"]]
        transport: Any = connection.getTransceivers()[0].receiver.transport
        room[message["connection"]] = transport
        transport._handle_rtp_data = partial(_forward, room, transport)
        # As if the others' tracks were agreed already: what matters here is the packets only.
        offer = {"type": "offer", "offer": 1, "sdp": connection.localDescription.sdp, "down": [{}] * 16}
        writer.write(json.dumps({**message, **offer}).encode() + b"\n")

    async def _answer(self, message: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        connection = self._connections[message["connection"]]
        await connection.setRemoteDescription(RTCSessionDescription(message["sdp"], "answer"))


async def _forward(room: dict[str, Any], sender: Any, data: bytes, arrival_time_ms: int) -> None:
    for transport in room.values():
        if transport is not sender and transport.state == "connected":
            await transport._send_rtp(data)


async def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__)
    parser.add_argument("--control", required=True, help="path of the Unix socket to listen on")
    options = parser.parse_args()
    server = await asyncio.start_unix_server(Stock().serve, options.control, limit=1 << 20)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
