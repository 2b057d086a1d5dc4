"""The mixing process as it runs: what it may not do, what it withstands, and that it needs nothing of the house."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from recordings.mixing import limits, wire
from tests.films import film

ROOT = Path(__file__).resolve().parents[3]


def start(*code: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, *(code or ("-m", "recordings.mixing"))]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env={}
    )


def answered(
    process: subprocess.Popen[bytes], job: dict[str, object], files: list[bytes]
) -> tuple[bytes, bytes, bytes]:
    """Serve the process to its end: its last message, and the film."""
    assert process.stdin
    assert process.stdout
    with process:
        wire.send_json(process.stdin, wire.JOB, job)
        target = io.BytesIO()
        while True:
            kind, payload = wire.receive(process.stdout)
            if kind == wire.READ:
                number, start, length = wire.parse_read(payload)
                wire.send(process.stdin, wire.BYTES, files[number][start : start + length])
            elif kind == wire.WRITE:
                at, piece = wire.parse_write(payload)
                target.seek(at)
                target.write(piece)
            elif kind != wire.PROGRESS:
                return kind, payload, target.getvalue()


def job_of(files: list[bytes], kind: str = "webm", duration_ms: int = 500) -> dict[str, object]:
    sources = [{"size": len(file), "kind": "person", "offset_ms": 0, "absences": []} for file in files]
    return {"kind": kind, "duration_ms": duration_ms, "sources": sources}


@pytest.mark.slow
def test_process_makes_the_film_that_the_parent_serves() -> None:
    files = [film(seconds=1), film(seconds=1)]
    kind, told, content = answered(start(), job_of(files), files)
    assert (kind, told) == (wire.DONE, b'{"refused": 0}')
    assert content.startswith(b"\x1a\x45\xdf\xa3")


@pytest.mark.slow
def test_bytes_that_are_no_film_fail_in_the_process_alone() -> None:
    files = [b"no film at all" * 1000]
    process = start()
    assert answered(process, job_of(files), files)[0] == wire.FAILED
    assert process.returncode == 1


@pytest.mark.slow
def test_claimed_giant_picture_costs_no_memory_and_is_counted() -> None:
    honest = film(seconds=2, size=(320, 180))
    # Every key frame of the file now claims 16383 x 16383.
    bomb = honest.replace(b"\x9d\x01\x2a\x40\x01\xb4\x00", b"\x9d\x01\x2a\xff\x3f\xff\x3f")
    assert bomb != honest
    peaks = []
    for files in ([honest], [bomb]):
        kind, told, _ = answered(start("-c", PEAK), job_of(files, duration_ms=1500), files)
        assert kind == wire.DONE
        peaks.append(told)
    refused, peak = (int(part) for part in peaks[1].split())
    assert refused >= 30
    assert peak - int(peaks[0].split()[1]) < 64 * 1024


# Runs the process as it is; its last word is what was refused and the peak of its memory in KiB.
PEAK = """
import json, resource
from recordings.mixing import __main__ as process, wire
def told(tell, kind, value, send=process.send_json):
    if kind == wire.DONE:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wire.send(tell, kind, f"{value['refused']} {peak}".encode())
    else:
        send(tell, kind, value)
process.send_json = told
process.main()
"""

CONFINED = """
import os, resource, socket, sys
from recordings.mixing.limits import confine
before = os.nice(0)
confine(5)
def fails(what):
    try:
        what()
    except (OSError, MemoryError):
        return True
    return False
print(fails(lambda: open("/etc/hostname")), fails(socket.socket), fails(lambda: bytearray(2 * 1024**3)),
      os.nice(0) > before or before == 19,
      resource.getrlimit(resource.RLIMIT_CPU)[0], resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.slow
def test_confined_process_opens_no_file_and_no_socket_and_takes_no_more_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONFINED], cwd=ROOT, capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.split() == ["True", "True", "True", "True", "5", "0"]


@pytest.mark.slow
def test_process_ends_when_its_parent_is_gone() -> None:
    process = start()
    assert process.stdin
    process.stdin.close()
    assert process.wait(60) != 0
    assert process.stdout
    process.stdout.close()


@pytest.mark.slow
def test_process_loads_nothing_of_the_house() -> None:
    code = (
        "import sys, recordings.mixing.__main__\n"
        "print(*[name for name in sys.modules if name.split('.')[0] in {'django', 'celery', 'pyrage', 'accounts'}])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_remote_file_is_read_in_pieces_and_never_beyond_its_end() -> None:
    content = bytes(range(256)) * 4096
    asked = []

    class Parent:
        def write(self, message: bytes) -> int:
            number, start, length = wire.parse_read(message[5:])
            asked.append((number, start, length))
            self.answer = io.BytesIO()
            wire.send(self.answer, wire.BYTES, content[start : start + length])
            self.answer.seek(0)
            return len(message)

        def flush(self) -> None: ...

        def read(self, length: int) -> bytes:
            return self.answer.read(length)

    parent = Parent()
    file = wire.RemoteInput(3, len(content), parent, parent)  # type: ignore[arg-type]
    read = b"".join(iter(lambda: file.read(100_000), b""))
    assert read == content
    assert file.seek(-10, io.SEEK_END) == len(content) - 10
    assert file.read() == content[-10:]
    assert {number for number, _, _ in asked} == {3}
    assert all(start + length <= len(content) for _, start, length in asked)


@pytest.mark.parametrize("message", [b"", b"R", b"R\x00\x00", b"B\xff\xff\xff\xff" + bytes(10)])
def test_broken_message_is_an_error(message: bytes) -> None:
    with pytest.raises(wire.BrokenWire):
        wire.receive(io.BytesIO(message))


def test_limits_leave_room_for_eight_people() -> None:
    assert 512 * 2**20 <= limits.MEMORY <= 1024 * 2**20
