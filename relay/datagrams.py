"""Datagrams in and out of one socket, many to a system call where Linux has it, one by one elsewhere.

Through cffi in ABI mode: recvmmsg and sendmmsg are looked up in the C library that is there, nothing is compiled.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from typing import Any, Protocol

from cffi import FFI

from relay.limits import MAX_PACKET
from relay.stun import Address

BATCH = 64  # datagrams to a call
_MAX_NAMES = 4096
_NAME = 28  # bytes of the longest socket address, that of IPv6
_INET, _INET6 = struct.Struct("=H2s4s8x"), struct.Struct("=H2s4s16sI")
Datagrams = list[tuple[bytes, Address]]
_FULL = frozenset({errno.EAGAIN, errno.ENOBUFS})

_ffi = FFI()
_ffi.cdef("""
    struct iovec { void *iov_base; size_t iov_len; };
    struct msghdr {
        void *msg_name; unsigned int msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
        void *msg_control; size_t msg_controllen; int msg_flags;
    };
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    int recvmmsg(int, struct mmsghdr *, unsigned int, int, void *);
    int sendmmsg(int, struct mmsghdr *, unsigned int, int);
""")


class Tally(Protocol):
    """Where bytes that came and datagrams that could not be sent are counted."""

    bytes_in: int
    dropped: int
    unsent: int


class Inbox(Protocol):
    def take(self) -> Datagrams:
        """What came, up to BATCH; fewer means that the socket is empty."""
        ...


class Outbox(Protocol):
    def send(self, data: bytes, address: Address) -> None: ...
    def hold(self) -> None:
        """Keep what is sent from now on, until `flush`."""
        ...

    def flush(self) -> None: ...


def boxes(sock: socket.socket, tally: Tally) -> tuple[Inbox, Outbox]:
    """The best there is for this socket."""
    if sys.platform == "linux":  # elsewhere the structures differ, or the calls are missing
        try:
            library = _ffi.dlopen(None)
            _ = library.recvmmsg, library.sendmmsg
        except (OSError, AttributeError):
            return SingleInbox(sock, tally), SingleOutbox(sock, tally)
        return BatchInbox(sock, library, tally), BatchOutbox(sock, library, tally)
    return SingleInbox(sock, tally), SingleOutbox(sock, tally)


class SingleInbox:
    def __init__(self, sock: socket.socket, tally: Tally) -> None:
        self._sock = sock
        self._tally = tally

    def take(self) -> Datagrams:
        taken: Datagrams = []
        for _ in range(BATCH):
            try:
                taken.append(self._sock.recvfrom(MAX_PACKET))
            except (BlockingIOError, InterruptedError):
                break
            except OSError:  # an ICMP error of an earlier send: nothing of ours is lost
                continue
        self._tally.bytes_in += sum(len(data) for data, _ in taken)
        return taken


class SingleOutbox:
    def __init__(self, sock: socket.socket, tally: Tally) -> None:
        self._sock = sock
        self._tally = tally

    def send(self, data: bytes, address: Address) -> None:
        try:
            self._sock.sendto(data, address)
        except OSError:
            self._tally.unsent += 1
            self._tally.dropped += 1

    def hold(self) -> None:
        return

    def flush(self) -> None:
        return


class _Frames:
    """Room for BATCH datagrams and their addresses, laid out once for the kernel."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._room = _ffi.new("char[]", BATCH * MAX_PACKET)
        self._names = _ffi.new("char[]", BATCH * _NAME)
        self._vectors = _ffi.new("struct iovec[]", BATCH)
        self._headers = _ffi.new("struct mmsghdr[]", BATCH)
        for place in range(BATCH):
            self._vectors[place].iov_base = self._room + place * MAX_PACKET
            self._vectors[place].iov_len = MAX_PACKET
            header = self._headers[place].msg_hdr
            header.msg_name = self._names + place * _NAME
            header.msg_namelen = _NAME
            header.msg_iov = self._vectors + place
            header.msg_iovlen = 1
        self._bytes = _ffi.buffer(self._room)


class BatchInbox(_Frames):
    def __init__(self, sock: socket.socket, library: Any, tally: Tally) -> None:
        super().__init__(sock)
        self._tally = tally
        self._recvmmsg = library.recvmmsg
        self._name_bytes = _ffi.buffer(self._names)
        # The lengths as the kernel writes them, one from each header: cheaper to read so than field by field.
        words = memoryview(_ffi.buffer(self._headers)).cast("I")
        size, at = _ffi.sizeof("struct mmsghdr"), _ffi.offsetof("struct mmsghdr", "msg_len")
        self._lengths = words[at // 4 :: size // 4]
        self._known: dict[bytes, Address] = {}

    def take(self) -> Datagrams:
        count = self._recvmmsg(self._sock.fileno(), self._headers, BATCH, socket.MSG_DONTWAIT, _ffi.NULL)
        if count <= 0:  # nothing there, or an ICMP error of an earlier send
            return []
        data, names, known = self._bytes, self._name_bytes, self._known
        taken = []
        lengths = self._lengths[:count].tolist()
        self._tally.bytes_in += sum(lengths)
        for place, length in enumerate(lengths):
            name = names[place * _NAME : place * _NAME + _NAME]
            address = known.get(name) or self._learn(name)
            start = place * MAX_PACKET
            taken.append((data[start : start + length], address))
        return taken

    def _learn(self, name: bytes) -> Address:
        if len(self._known) >= _MAX_NAMES:
            self._known.clear()
        address = self._known[name] = _unpack(self._sock.family, name)
        return address


class BatchOutbox(_Frames):
    """Keeps what is sent until the end of a drain, or else to the end of this turn of the loop."""

    def __init__(self, sock: socket.socket, library: Any, tally: Tally) -> None:
        super().__init__(sock)
        self._sendmmsg = library.sendmmsg
        self._tally = tally
        self._count = 0
        self._held = False
        self._packed: dict[Address, Any] = {}
        self._each_vector = [self._vectors + place for place in range(BATCH)]
        self._each_header = [_ffi.addressof(self._headers[place].msg_hdr) for place in range(BATCH)]
        length = _INET6.size if sock.family == socket.AF_INET6 else _INET.size
        for header in self._each_header:
            header.msg_namelen = length

    def send(self, data: bytes, address: Address) -> None:
        length = len(data)
        if length > MAX_PACKET:
            self._lose(1)
            return
        name = self._packed.get(address) or self._pack(address)
        place = self._count
        if place == BATCH:
            self._send_all()
            place = 0
        elif place == 0 and not self._held:
            asyncio.get_running_loop().call_soon(self.flush)
        start = place * MAX_PACKET
        self._bytes[start : start + length] = data
        self._each_vector[place].iov_len = length
        self._each_header[place].msg_name = name
        self._count = place + 1

    def hold(self) -> None:
        self._held = True

    def flush(self) -> None:
        self._held = False
        if self._count:
            self._send_all()

    def _send_all(self) -> None:
        """Everything kept. A datagram the kernel refuses costs itself only; a full buffer costs the rest."""
        count, self._count = self._count, 0
        done = 0
        while done < count:
            sent = self._sendmmsg(self._sock.fileno(), self._headers + done, count - done, socket.MSG_DONTWAIT)
            if sent > 0:
                done += sent
            elif _ffi.errno in _FULL:
                self._lose(count - done)
                return
            elif _ffi.errno != errno.EINTR:
                self._lose(1)
                done += 1

    def _lose(self, count: int) -> None:
        self._tally.unsent += count
        self._tally.dropped += count

    def _pack(self, address: Address) -> Any:
        if len(self._packed) >= _MAX_NAMES:
            self._send_all()  # what is kept still points at the names
            self._packed.clear()
        packed = self._packed[address] = _ffi.new("char[]", _pack(self._sock.family, address))
        return packed


def _pack(family: int, address: Address) -> bytes:
    port = address[1].to_bytes(2, "big")
    if family == socket.AF_INET:
        return _INET.pack(family, port, socket.inet_aton(address[0]))
    flow, scope = address[2:] if len(address) == 4 else (0, 0)
    host = socket.inet_pton(family, address[0].partition("%")[0])
    return _INET6.pack(family, port, flow.to_bytes(4, "big"), host, scope)


def _unpack(family: int, name: bytes) -> Address:
    """As `recvfrom` would tell it."""
    if family == socket.AF_INET:
        _, port, host = _INET.unpack_from(name)
        return socket.inet_ntop(family, host), int.from_bytes(port, "big")
    _, port, flow, host, scope = _INET6.unpack(name)
    return socket.inet_ntop(family, host), int.from_bytes(port, "big"), int.from_bytes(flow, "big"), scope
