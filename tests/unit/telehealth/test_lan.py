"""The demo for a phone in the same network: its certificate, its addresses, and the settings that come out of them."""

import datetime as dt
import os
import ssl
import subprocess
import sys
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import pytest
import segno
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import DNSName, IPAddress, SubjectAlternativeName
from cryptography.x509.oid import ExtendedKeyUsageOID

from telehealth.demo import lan
from telehealth.demo.announce import drawn
from telehealth.demo.certificate import BEHIND, LEFT, VALID, Certificate, certificate_for
from telehealth.origins import is_home_host

ROOT = Path(__file__).resolve().parents[3]
AT = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
NAMES = ("192.168.1.20", "10.0.0.7", "vm.local")


def loaded(found: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(found.chain.read_bytes())


def test_certificate_is_for_these_names_and_thirty_days_and_vouches_for_nobody_else(tmp_path: Path) -> None:
    found = certificate_for(tmp_path / "new", NAMES, AT)
    certificate = loaded(found)
    names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    assert set(names.get_values_for_type(IPAddress)) == {IPv4Address("192.168.1.20"), IPv4Address("10.0.0.7")}
    assert names.get_values_for_type(DNSName) == ["vm.local"]
    assert certificate.not_valid_before_utc == AT - BEHIND
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == VALID == dt.timedelta(days=30)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_key_is_its_owners_alone_and_a_tls_server_takes_both(tmp_path: Path) -> None:
    found = certificate_for(tmp_path, NAMES, AT)
    assert found.key.stat().st_mode & 0o777 == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(found.chain, found.key)
    assert {each.name for each in tmp_path.iterdir()} == {"lan.crt", "lan.key"}


@pytest.mark.parametrize(
    ("names", "later"),
    [
        (NAMES, dt.timedelta(0)),
        ((NAMES[2], NAMES[0], NAMES[1]), dt.timedelta(days=1)),
        (NAMES, VALID - BEHIND - LEFT - dt.timedelta(seconds=1)),
    ],
)
def test_certificate_stays_while_it_fits(tmp_path: Path, names: tuple[str, ...], later: dt.timedelta) -> None:
    first = loaded(certificate_for(tmp_path, NAMES, AT))
    assert loaded(certificate_for(tmp_path, names, AT + later)) == first


@pytest.mark.parametrize(
    ("names", "later"),
    [
        (("192.168.1.21", "10.0.0.7", "vm.local"), dt.timedelta(0)),
        (NAMES[:2], dt.timedelta(0)),
        (NAMES, VALID - BEHIND - LEFT),
        (NAMES, -dt.timedelta(days=2)),
    ],
)
def test_certificate_is_made_anew_when_addresses_changed_or_its_time_is_over(
    tmp_path: Path, names: tuple[str, ...], later: dt.timedelta
) -> None:
    first = loaded(certificate_for(tmp_path, NAMES, AT))
    second = loaded(certificate_for(tmp_path, names, AT + later))
    assert second.public_key() != first.public_key()


def _readable_by_all(found: Certificate, other: Certificate) -> None:
    found.key.chmod(0o644)


def _cut_off(found: Certificate, other: Certificate) -> None:
    found.chain.write_bytes(found.chain.read_bytes()[:90])


def _of_another_key(found: Certificate, other: Certificate) -> None:
    found.chain.write_bytes(other.chain.read_bytes())


@pytest.mark.parametrize("spoil", [_readable_by_all, _cut_off, _of_another_key])
def test_certificate_that_cannot_be_used_is_made_anew(tmp_path: Path, spoil: object) -> None:
    first = certificate_for(tmp_path / "own", NAMES, AT)
    before = first.key.read_bytes()
    spoil(first, certificate_for(tmp_path / "other", NAMES, AT))  # type: ignore[operator]
    second = certificate_for(tmp_path / "own", NAMES, AT)
    assert second.key.read_bytes() != before
    assert second.key.stat().st_mode & 0o777 == 0o600
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(second.chain, second.key)


def adapters(**networks: list[object]) -> object:
    """What a machine with these networks says of itself."""
    made = [SimpleNamespace(name=name, ips=[SimpleNamespace(ip=ip) for ip in ips]) for name, ips in networks.items()]
    return lambda: made


def test_addresses_are_those_of_home_networks_the_one_towards_the_world_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = adapters(
        lo=["127.0.0.1", ("::1", 0, 0)],
        eth0=["10.0.0.7", ("fd00::2", 0, 0)],
        wlan0=["192.168.1.20", "169.254.3.3"],
        docker0=["172.17.0.1"],
        wg0=["10.9.0.1"],
        ppp0=["203.0.114.9", "100.64.0.3"],
    )
    monkeypatch.setattr(lan.ifaddr, "get_adapters", found)
    monkeypatch.setattr(lan, "_towards_the_world", lambda: "192.168.1.20")
    assert lan.addresses() == ("192.168.1.20", "10.0.0.7")
    assert lan.chosen("") == ("192.168.1.20", "10.0.0.7")
    assert lan.chosen("10.0.0.7") == ("10.0.0.7",)


def test_machine_without_a_network_is_told_so_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan.ifaddr, "get_adapters", adapters(lo=["127.0.0.1"]))
    with pytest.raises(SystemExit, match=r"Connect it to the Wi-Fi that the phone is in"):
        lan.chosen("")


@pytest.mark.parametrize("wanted", ["203.0.114.9", "0.0.0.0", "::1", "localhost", "clinic.example", "10.0.0"])
def test_address_of_no_home_network_is_refused_in_a_sentence(wanted: str) -> None:
    with pytest.raises(SystemExit, match="no address of a home or office network"):
        lan.chosen(wanted)


@pytest.mark.parametrize(
    ("host_name", "name"),
    [("Vm", "vm.local"), ("vm.example.org", "vm.local"), ("localhost", ""), ("a_b", ""), ("", "")],
)
def test_name_of_the_machine_is_one_that_browsers_take(
    monkeypatch: pytest.MonkeyPatch, host_name: str, name: str
) -> None:
    monkeypatch.setattr(lan.socket, "gethostname", lambda: host_name)
    assert lan.names(["10.0.0.7"]) == tuple(each for each in ("10.0.0.7", name) if each)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.168.1.20", True),
        ("172.16.0.1", True),
        ("vm.local", True),
        ("127.0.0.1", True),
        ("8.8.8.8", False),
        ("clinic.example", False),
        ("local", False),
        ("169.254.1.1", False),
    ],
)
def test_host_of_a_home_network(host: str, expected: bool) -> None:
    assert is_home_host(host) is expected


PROGRAM = """import telehealth.settings as s
print(s.BASE_URL, s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)
print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD, s.CSRF_TRUSTED_ORIGINS)"""


def read(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own."""
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOUSECALL_VAR": str(folder)}
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.run(command, env={**clean, **environment}, capture_output=True, text=True, timeout=120)


def settings_of(monkeypatch: pytest.MonkeyPatch, port: int = 8000) -> dict[str, str]:
    monkeypatch.setattr(lan.socket, "gethostname", lambda: "vm")
    return lan.settings_of(("192.168.1.20", "10.0.0.7"), port, Certificate(Path("/a/lan.crt"), Path("/a/lan.key")))


def test_settings_of_a_demo_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    described = settings_of(monkeypatch)
    assert described["ORIGINS"] == "https://192.168.1.20:8000,https://10.0.0.7:8000,https://vm.local:8000"
    assert described["ALLOWED_HOSTS"] == "192.168.1.20,10.0.0.7,vm.local"
    assert described["RELAY_BIND"] == described["RELAY_ANNOUNCE"] == "192.168.1.20,10.0.0.7"
    assert (described["WEB_TLS_CERT"], described["WEB_TLS_KEY"]) == ("/a/lan.crt", "/a/lan.key")
    assert settings_of(monkeypatch, 443)["ORIGINS"].startswith("https://192.168.1.20,")


def test_demo_in_the_network_has_secure_cookies_and_binds_no_browser_to_its_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = read(tmp_path, DEMO="1", **settings_of(monkeypatch))
    first, second = result.stdout.splitlines()
    assert first == "https://192.168.1.20:8000 ['192.168.1.20', '10.0.0.7', 'vm.local'] True True True"
    assert second.startswith("0 False False ['https://192.168.1.20:8000',")


def test_clinic_still_binds_browsers_to_https(tmp_path: Path) -> None:
    clinic = {"ALLOWED_HOSTS": "clinic.example", "ORIGINS": "https://clinic.example"}
    result = read(tmp_path, **clinic)
    assert result.stdout.splitlines()[1].startswith("31536000 True True")


def test_picture_of_a_link_is_the_code_two_rows_to_a_line() -> None:
    lines = drawn("https://192.168.1.20:8000/")
    inks = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}
    rows = [[inks[each][half] for each in line] for line in lines for half in (0, 1)]
    code = segno.make_qr("https://192.168.1.20:8000/", error="l", boost_error=False)
    assert rows[: len(rows[0])] == [list(row) for row in code.matrix_iter(border=4)]
    assert len({len(line) for line in lines}) == 1
