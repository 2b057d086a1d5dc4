"""Asking strangers' calendars: nothing but https on the public internet is ever connected to, and all is bounded."""

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduling.busy import fetching
from scheduling.busy.fetching import Door, fetch
from scheduling.busy.problems import Problem
from tests.outside import PUBLIC, answer, served
from tests.turn.servers import SITE_NAME

PORT = "{port}"
HOSTS = [
    "127.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0", "0x7f000001", "0x7f.1", "0x7F.0.0.1", "2130706433", "017700000001",
    "0177.0.0.1", "127.0.0.1.", "127.255.255.254", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:0:7f00:1::]",
    "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[ff02::1]", "[2001:db8::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1",
    "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "localhost", "LOCALHOST", "localhost.", "１２７.０.０.１", "①②⑦.⓪.⓪.①", "127。0。0。1",
    "private.test", "rebinding.test", "half-private.test", "mapped.test",
]  # fmt: skip
URLS = [
    *(f"https://{host}:{PORT}/a.ics" for host in HOSTS),
    f"http://127.0.0.1:{PORT}/", f"http://public.test:{PORT}/", f"ftp://127.0.0.1:{PORT}/", "file:///etc/passwd",
    f"gopher://127.0.0.1:{PORT}/", f"//127.0.0.1:{PORT}/", f"https://public.test@127.0.0.1:{PORT}/",
    f"https://127.0.0.1:{PORT}\\@public.test/", f"https://user:word@private.test:{PORT}/", "https://public.test:22/",
    f"https://private.test:{PORT}/\r\nHost: x", f"https:///127.0.0.1:{PORT}/", f"https://127.0.0.1:{PORT}#@public.test/",
    f"https://127.0.0.1%00.public.test:{PORT}/", "https://" + "a" * 3000, "https://:0/", "",
]  # fmt: skip
NAMES = {
    "private.test": ["10.0.0.1"],
    "half-private.test": ["93.184.216.34", "127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "rebinding.test": ["127.0.0.1"],
}


@pytest.fixture
def listening() -> Iterator[tuple[int, list[str]]]:
    """A port on every address of this machine, and who came to it."""
    came: list[str] = []
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener:

        def hear() -> None:
            while True:
                try:
                    line, address = listener.accept()
                except OSError:
                    return
                came.append(str(address))
                line.close()

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        yield listener.getsockname()[1], came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def named(host: str, port: int) -> list[str]:
    return NAMES[host] if host in NAMES else fetching.resolve(host, port)


def test_every_odd_and_private_address_is_refused_before_any_connection(listening: tuple[int, list[str]]) -> None:
    port, came = listening
    assert len(URLS) >= 60
    for url in URLS:
        with pytest.raises(Problem) as problem:
            fetch(url.replace(PORT, str(port)), door=Door(resolve=named))
        assert problem.value.code in {"address", "https", "private", "unknown"}, url
    assert came == []
    # The listener would have noticed.
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.recv(1)
    assert len(came) == 1


def test_redirect_into_the_house_is_refused_and_never_connected_to(
    tmp_path: Path, listening: tuple[int, list[str]]
) -> None:
    port, came = listening
    for to in (
        f"https://127.0.0.1:{port}/",
        f"http://{SITE_NAME}:{port}/",
        f"//[::1]:{port}/",
        f"https://0x7f.1:{port}/",
    ):
        with served(tmp_path, lambda line, _, to=to: line.sendall(answer(b"", "302 Found", Location=to))) as outside:
            door = outside.door(resolve=lambda host, port: [PUBLIC] if host == SITE_NAME else [host])
            with pytest.raises(Problem) as problem:
                fetch(outside.url, door=door)
            assert (problem.value.code, outside.asked) == ("https" if to.startswith("http:") else "private", ["/a.ics"])
    assert came == []


def test_name_that_changes_its_address_is_asked_once_and_connected_where_it_was_checked(tmp_path: Path) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    with served(tmp_path, lambda line, _: line.sendall(answer(b"BEGIN", ETag='"x"'))) as outside:
        got = fetch(outside.url, door=outside.door(resolve=lambda host, port: next(answers)))
        assert (got.body, got.etag, next(answers)) == (b"BEGIN", '"x"', ["127.0.0.1"])
        # The next reading resolves anew, and is refused.
        with pytest.raises(Problem, match="private"):
            fetch(outside.url, door=outside.door(resolve=lambda host, port: next(answers)))
        assert len(outside.asked) == 1


def test_redirects_are_followed_three_times_and_not_a_fourth(tmp_path: Path) -> None:
    def lead(line: ssl.SSLSocket, path: str) -> None:
        number = int(path[1:-4])
        line.sendall(answer(b"BEGIN") if number == 0 else answer(b"", "301 X", Location=f"/{number - 1}.ics"))

    with served(tmp_path, lead) as outside:
        assert fetch(outside.url.replace("/a.", "/3."), door=outside.door()).body == b"BEGIN"
        with pytest.raises(Problem, match="redirects"):
            fetch(outside.url.replace("/a.", "/4."), door=outside.door())


def test_too_much_packed_or_not_is_refused_without_holding_it(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(fetching.MOST_BYTES * 50))
    big = bytes(fetching.MOST_BYTES + 1)
    small = gzip.compress(b"BEGIN")
    bodies = {
        "/bomb": answer(bomb, Content_Encoding="gzip"),
        "/big": answer(big),
        "/small": answer(small, Content_Encoding="gzip"),
        "/brotli": answer(small, Content_Encoding="br"),
        "/half": answer(b"BEGIN" * 100)[:-50],
        "/gone": answer(b"", "404 Not Found"),
    }
    with served(tmp_path, lambda line, path: line.sendall(bodies[path])) as outside:

        def code(path: str) -> str:
            with pytest.raises(Problem) as problem:
                fetch(outside.url.replace("/a.ics", path), door=outside.door())
            return problem.value.code

        assert [code(path) for path in ("/bomb", "/big", "/brotli", "/half", "/gone")] == [
            "too_big", "too_big", "not_calendar", "unreachable", "refused"
        ]  # fmt: skip
        assert fetch(outside.url.replace("/a.ics", "/small"), door=outside.door()).body == b"BEGIN"


def test_answer_drop_by_drop_and_a_name_without_answer_end_in_time(tmp_path: Path) -> None:
    over = threading.Event()

    def drip(line: ssl.SSLSocket, _: str) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\n")
        while not over.wait(0.05):
            line.sendall(b"X-Drop: x\r\n")

    with served(tmp_path, drip) as outside:
        with pytest.raises(Problem, match="slow"):
            fetch(outside.url, door=outside.door(seconds=0.5))
        with pytest.raises(Problem, match="slow"):
            fetch(outside.url, door=outside.door(seconds=0.2, resolve=lambda host, port: [over.wait(3)] and [PUBLIC]))
        over.set()


def test_unchanged_calendar_is_told_by_its_etag_and_a_false_certificate_is_refused(tmp_path: Path) -> None:
    with served(tmp_path, lambda line, _: line.sendall(answer(b"", "304 Not Modified"))) as outside:
        got = fetch(outside.url, etag='"x"', door=outside.door())
        assert (got.body, got.etag) == (None, '"x"')
        assert 'If-None-Match: "x"' in outside.heads[0]
        with pytest.raises(Problem, match="certificate"):
            fetch(outside.url, door=outside.door(tls=ssl.create_default_context))
