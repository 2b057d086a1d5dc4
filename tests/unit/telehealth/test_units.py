"""The shipped unit files keep what the processes rely on."""

from pathlib import Path

import pytest

from notifications.preferences import PATH_PREFIX
from scheduling.files.tables import MOST_BYTES
from telehealth.supervisor import DRAIN_SECONDS, PATIENCE_SECONDS

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = ("housecall-relay@.service", "housecall-web.service", "housecall-worker@.service")


def settings_of(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / unit).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def seconds(unit: str) -> int:
    return int(settings_of(unit)["TimeoutStopSec"][0])


def test_units_give_each_process_time_to_end_by_itself() -> None:
    assert seconds("housecall-relay@.service") > DRAIN_SECONDS
    assert seconds("housecall-web.service") > PATIENCE_SECONDS


def test_relay_and_web_are_two_users_who_share_the_control_socket_and_recordings_only() -> None:
    relay, web, worker = (settings_of(unit) for unit in UNITS)
    assert relay["User"] != web["User"] == worker["User"]
    assert web["EnvironmentFile"] == worker["EnvironmentFile"]
    assert relay["Group"] == ["housecall-control"]
    assert relay["SupplementaryGroups"] == ["housecall-recordings"]
    assert web["SupplementaryGroups"] == ["housecall-control housecall-recordings"]
    assert "RELAY_CONTROL_GROUP=housecall-control" in relay["Environment"]
    assert "RELAY_PROCESSES=0" in web["Environment"]
    users = (DEPLOY / "housecall.sysusers.conf").read_text()
    for name in (*relay["User"], *relay["Group"], *relay["SupplementaryGroups"], *web["User"]):
        assert f" {name} " in users


def test_nginx_takes_the_files_that_the_house_takes_and_logs_no_secret_address() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    files = text.partition("location = /staff/import/ {")[2].partition("}")[0]
    size = int(files.partition("client_max_body_size ")[2].partition("m;")[0])
    assert size * 1024**2 > MOST_BYTES
    feeds = text.partition("location /calendar-feed/ {")[2].partition("}")[0]
    assert "access_log off;" in feeds
    assert "crit;" in feeds


@pytest.mark.parametrize("unit", UNITS)
def test_unit_takes_away_what_its_process_does_not_need(unit: str) -> None:
    found = settings_of(unit)
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictNamespaces"):
        assert found[name] == ["yes"]
    assert found["ProtectSystem"] == ["strict"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["RestrictAddressFamilies"] == ["AF_UNIX AF_INET AF_INET6"]
    assert found["SystemCallFilter"][0] == "@system-service"
    # pyOpenSSL's callbacks are made at run time: with this no handshake of the relay succeeds.
    assert "MemoryDenyWriteExecute" not in found


@pytest.mark.parametrize("prefix", ["/calendar-feed/", PATH_PREFIX])
def test_proxy_writes_no_address_down_that_is_a_key_by_itself(prefix: str) -> None:
    _, _, block = (DEPLOY / "nginx.conf").read_text().partition(f"location {prefix} {{")
    assert "access_log off;" in block.partition("}")[0]
