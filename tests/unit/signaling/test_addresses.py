"""Reading RELAYS: names and addresses, and a plain sentence for what is neither."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from signaling.addresses import RelayAddress, read_relays, refuse_remote_without_trust

REMOTE = read_relays("far=tls://192.0.2.2:40500")


def test_relays_are_read_by_name_and_kind() -> None:
    text = " relay-1=unix:/run/hc/relay-1.sock, far=tls://192.0.2.2:40500,v6=tls://[2001:db8::1]:40501/ ,"
    assert read_relays(text) == (
        RelayAddress("relay-1", path=Path("/run/hc/relay-1.sock")),
        RelayAddress("far", host="192.0.2.2", port=40500),
        RelayAddress("v6", host="2001:db8::1", port=40501),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        " , ",
        "relay-1",
        "=unix:/x",
        "-x=unix:/x",
        "a b=unix:/x",
        "a=unix:relative",
        "a=tls://host",
        "a=tls://:40500",
        "a=tls://host:0",
        "a=tls://host:99999",
        "a=tls://host:1/path",
        "a=tls://user@host:1",
        "a=http://host:1",
        "a=unix:/x,a=unix:/y",
        f"{'n' * 65}=unix:/x",
    ],
)
def test_relays_that_cannot_be_read_refuse_to_start(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="RELAYS"):
        read_relays(text)


def test_relay_of_another_machine_needs_a_secret_and_a_certificate(tmp_path: Path) -> None:
    certificate = tmp_path / "relay.crt"
    certificate.touch()
    refuse_remote_without_trust(REMOTE, "0123456789abcdef" * 2, str(certificate))
    refuse_remote_without_trust(read_relays("near=unix:/x"), "", "")
    with pytest.raises(ImproperlyConfigured, match="RELAY_SECRET"):
        refuse_remote_without_trust(REMOTE, "short", str(certificate))
    with pytest.raises(ImproperlyConfigured, match="RELAY_TLS_CA"):
        refuse_remote_without_trust(REMOTE, "0123456789abcdef" * 2, str(tmp_path / "none.crt"))
