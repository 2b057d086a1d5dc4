"""The metrics of a running relay, scraped as Prometheus does; and the address they are served on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from relay.config import read_config
from relay.errors import ConfigError
from relay.ladder import Rung
from tests.relay.house import House, open_house
from tests.relay.peer import rtp
from tests.relay.taped import PART, open_studio


@pytest.fixture
async def measured(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, metrics=("127.0.0.1", 0)) as house:
        yield house


async def ask(house: House, request: bytes) -> tuple[bytes, str]:
    server = house.relay.metrics
    assert server is not None
    async with asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.splitlines()[0] if head else b"", body.decode()


async def scrape(house: House) -> dict[str, float]:
    """Each sample by name and labels."""
    status, body = await ask(house, b"GET /metrics HTTP/1.1\r\nHost: relay\r\n\r\n")
    assert status == b"HTTP/1.1 200 OK"
    samples = [sample for family in text_string_to_metric_families(body) for sample in family.samples]
    return {
        sample.name + "".join(f"|{v}" for _, v in sorted(sample.labels.items())): sample.value for sample in samples
    }


async def test_scrape_of_a_visit_tells_its_figures_and_names_nobody(measured: House) -> None:
    doctor, patient = await measured.both()
    for number in (1, 2, 4, 5):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"voice"))
    patient.send_raw(b"\xff stray")
    await patient.changes.until(lambda: len(patient.packets) == 4)
    await measured.web.expect("report", len(measured.web.heard))
    found = await scrape(measured)
    prefix = "housecall_relay_"
    assert found[prefix + "rooms"] == 1
    assert found[prefix + "seats|connected"] == 2
    assert {found[f"{prefix}seats_by_rung|{rung.label}"] for rung in Rung} == {0, 2}
    assert found[prefix + "packets_out_total"] == 4
    assert found[prefix + "packets_in_total"] > 4
    assert found[prefix + "bytes_in_total"] > 4 * 20
    assert found[prefix + "dropped_total|stray"] == 1
    assert found[prefix + "dropped_total|refused"] == 0
    assert found[prefix + "loop_lag_seconds_count"] > 0
    assert found[prefix + "process_open_fds"] > 0
    _, text = await ask(measured, b"GET /metrics HTTP/1.1\r\n\r\n")
    assert not [name for name in (measured.room, measured.seat("doctor"), measured.seat("patient")) if name in text]


async def test_loss_coming_up_shows_in_the_second_it_happened(measured: House) -> None:
    doctor, patient = await measured.both()
    for number in range(10):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"voice"))
    await patient.changes.until(lambda: len(patient.packets) == 10)
    server = measured.relay.metrics
    assert server is not None
    snapshot = server.snapshot
    server.snapshot = lambda board, now: None  # the test alone says when a second begins and ends
    snapshot(measured.relay.board, measured.clock())
    for number in range(10, 20, 2):
        doctor.send(rtp(doctor.ssrcs["audio"], number, b"voice"))
    await patient.changes.until(lambda: len(patient.packets) == 15)
    snapshot(measured.relay.board, measured.clock())
    found = await scrape(measured)
    assert found["housecall_relay_uplink_loss_ratio|worst"] == pytest.approx(4 / 9)


@pytest.mark.parametrize("request_line", [b"POST /metrics HTTP/1.1", b"GET / HTTP/1.1", b"\xff\xfe"])
async def test_anything_but_get_metrics_is_not_found(measured: House, request_line: bytes) -> None:
    status, _ = await ask(measured, request_line + b"\r\n\r\n")
    assert status == b"HTTP/1.1 404 Not Found"


async def test_scraper_that_sends_too_much_is_cut_off(measured: House) -> None:
    with pytest.raises(ConnectionError):
        await ask(measured, bytes(1 << 20))
    assert await scrape(measured)


async def test_scrapers_beyond_the_bound_are_turned_away_and_closing_waits_for_none(measured: House) -> None:
    server = measured.relay.metrics
    assert server is not None
    pairs = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(12)]
    ended = [asyncio.create_task(reader.read()) for reader, _ in pairs]
    async with asyncio.timeout(30):
        await asyncio.wait(ended, return_when=asyncio.FIRST_COMPLETED)
        await server.close()
        await asyncio.gather(*ended, return_exceptions=True)
    for _, writer in pairs:
        writer.close()


def test_metrics_address_is_host_and_port_or_refused() -> None:
    assert read_config(["--bind", "127.0.0.1"], {}).metrics is None
    assert read_config(["--bind", "127.0.0.1"], {"RELAY_METRICS": "[::1]:9000"}).metrics == ("::1", 9000)
    for wrong in ("9000", "127.0.0.1", "127.0.0.1:x", "a@b:9000", "127.0.0.1:70000", "h:1/x"):
        with pytest.raises(ConfigError, match="metrics"):
            read_config(["--bind", "127.0.0.1", "--metrics", wrong], {})


async def test_scrape_tells_what_is_recorded_and_what_was_lost(tmp_path: Path) -> None:
    async with open_studio(tmp_path, metrics=("127.0.0.1", 0)) as studio:
        house = studio.house
        await house.join("doctor")
        await studio.record("doctor")
        await studio.speak("doctor", "word")
        told = await studio.synced("doctor", 1)
        vault = house.relay.vault
        assert vault is not None
        vault.shelf._wanted_reserve = vault.shelf._reserve = 1 << 60
        await studio.speak("doctor", "lost")
        house.skew += PART
        await studio.state("full")
        await house.web.expect("report", len(house.web.heard))
        found = await scrape(house)
    prefix = "housecall_relay_"
    assert found[prefix + "recorded_rooms|full"] == 1
    assert (found[prefix + "recording_parts_total"], found[prefix + "recording_bytes_total"]) == (1, told["bytes"])
    assert found[prefix + "recording_parts_lost_total|disk"] >= 1
    assert found[prefix + "recording_parts_lost_total|queue"] == 0
    assert found[prefix + "recording_free_bytes"] > 0
    assert studio.stream("doctor").name not in "".join(found)
