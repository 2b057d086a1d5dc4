"""The certificate of a demo in a home or office network: signed by itself, kept while it fits, made anew otherwise."""

import datetime as dt
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = dt.timedelta(days=30)
# A phone's clock may be behind, and a demo that was started goes on for a while.
BEHIND = dt.timedelta(hours=1)
LEFT = dt.timedelta(days=1)
Names = frozenset[ipaddress.IPv4Address | ipaddress.IPv6Address | str]


@dataclass(frozen=True)
class Certificate:
    """The two files that a TLS server reads."""

    chain: Path
    key: Path


def certificate_for(folder: Path, names: Sequence[str], at: dt.datetime) -> Certificate:
    """The certificate in `folder` for exactly these addresses and host names; the same one while it can be kept.

    A phone that was told to trust it asks no more until then.
    """
    found = Certificate(folder / "lan.crt", folder / "lan.key")
    wanted: Names = frozenset(_address(name) or name for name in names)
    if not _is_kept(found, wanted, at):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        _write(found.key, _key_as_pem(key))
        _write(found.chain, _signed(key, wanted, at).public_bytes(serialization.Encoding.PEM))
    return found


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _is_kept(found: Certificate, wanted: Names, at: dt.datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(found.chain.read_bytes())
        key = serialization.load_pem_private_key(found.key.read_bytes(), password=None)
        is_private = found.key.stat().st_mode & 0o077 == 0
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    held = frozenset((*names.get_values_for_type(x509.IPAddress), *names.get_values_for_type(x509.DNSName)))
    is_now = certificate.not_valid_before_utc <= at < certificate.not_valid_after_utc - LEFT
    return is_private and is_now and held == wanted and certificate.public_key() == key.public_key()


def _signed(key: ec.EllipticCurvePrivateKey, names: Names, at: dt.datetime) -> x509.Certificate:
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Housecall demo")])
    alternatives = [x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name) for name in names]
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - BEHIND)
        .not_valid_after(at - BEHIND + VALID)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        # It vouches for this server and for nobody else, even where somebody installs it.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _key_as_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
