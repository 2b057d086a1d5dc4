"""Values of the environment that would make an installation unsafe: each refuses to start, with a plain sentence."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from telehealth.origins import is_home_host, is_loopback_host, parse_origin
from telehealth.turn.addresses import parse_turn_url

SHORTEST_SECRET = 32
ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def unreadable(error: Exception) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"An environment variable cannot be read: {error}")


def refuse_weak_secret(secret: str) -> None:
    if len(secret) < SHORTEST_SECRET or len(set(secret)) < 8:
        raise ImproperlyConfigured(
            f"SECRET_KEY is too short or too plain. Use at least {SHORTEST_SECRET} random characters, "
            "or leave it out: one is then made and kept in secret_key."
        )


def refuse_unusable_turn(urls: Sequence[str], secret: str, ttl: dt.timedelta) -> None:
    for url in urls:
        try:
            parse_turn_url(url)
        except ValueError as error:
            raise ImproperlyConfigured(f"TURN_URLS: {error}") from None
    if urls and (len(secret) < SHORTEST_SECRET or len(set(secret)) < 8):
        raise ImproperlyConfigured(
            f"TURN_SECRET is too short or too plain. Use at least {SHORTEST_SECRET} random characters, "
            "the same as static-auth-secret of turnserver.conf."
        )
    if not dt.timedelta(minutes=5) <= ttl <= dt.timedelta(hours=12):
        raise ImproperlyConfigured("TURN_TTL must lie between five minutes and twelve hours.")


def refuse_unusable_recordings(
    *, folder: Path, keys: Path, hours: int, size: int, reserve: int | None, backup_days: int
) -> None:
    keys, folder = keys.resolve(), folder.resolve()
    if keys == folder or folder in keys.parents:
        raise ImproperlyConfigured(
            "RECORDING_KEYS_DIR must not lie inside RECORDINGS_DIR: whoever copies the recordings would have the keys."
        )
    if hours < 1 or size < 1 or backup_days < 1:
        raise ImproperlyConfigured(
            "RECORDING_MAX_HOURS, RECORDING_MAX_BYTES and RECORDING_KEY_BACKUP_DAYS must be 1 or more."
        )
    if reserve is not None and reserve < 0:
        raise ImproperlyConfigured("RELAY_RECORDING_RESERVE must be 0 or more bytes.")


def refuse_unsafe(
    *,
    debug: bool,
    demo: bool,
    demo_lan: bool,
    allowed_hosts: Sequence[str],
    origins: Sequence[str],
    base_url: str,
    redis_url: str,
    web_processes: int,
    trusted_proxies: int,
    configured_secret: str,
    database_engine: str,
) -> None:
    """Raise ImproperlyConfigured for the first thing that is wrong."""
    if configured_secret:
        refuse_weak_secret(configured_secret)
    _refuse_hosts(allowed_hosts)
    local_only = all(is_loopback_host(host) for host in allowed_hosts)
    if debug and not local_only:
        raise ImproperlyConfigured("DEBUG shows inner workings, so it only runs with ALLOWED_HOSTS of this machine.")
    if demo and not local_only:
        _refuse_demo(allowed_hosts, origins, lan=demo_lan)
    _refuse_origins(origins, demo=demo)
    _refuse_base_url(base_url, origins, allowed_hosts)
    if database_engine not in ENGINES:
        raise ImproperlyConfigured("DATABASE_URL must lead to SQLite or PostgreSQL: no other engine has our guards.")
    if web_processes < 1 or trusted_proxies < 0:
        raise ImproperlyConfigured("WEB_PROCESSES must be at least 1 and TRUSTED_PROXIES at least 0.")
    if web_processes > 1 and not redis_url:
        raise ImproperlyConfigured(
            "WEB_PROCESSES above 1 needs REDIS_URL: without Redis each process would only hear itself."
        )


def _refuse_hosts(allowed_hosts: Sequence[str]) -> None:
    if not allowed_hosts:
        raise ImproperlyConfigured("ALLOWED_HOSTS is empty. Name the hosts that this clinic is served under.")
    for host in allowed_hosts:
        if not host or "*" in host or host.startswith("."):
            raise ImproperlyConfigured(f"ALLOWED_HOSTS contains {host!r}. Name each host in full, without wildcards.")


def _refuse_demo(allowed_hosts: Sequence[str], origins: Sequence[str], *, lan: bool) -> None:
    """A demo is seen beyond this machine only in its own network, and there over HTTPS."""
    if not lan:
        raise ImproperlyConfigured("DEMO has known passwords, so it only runs with ALLOWED_HOSTS of this machine.")
    for host in allowed_hosts:
        if not is_home_host(host):
            raise ImproperlyConfigured(f"DEMO_LAN is for a home or office network, and {host!r} is in none.")
    if not all(text.startswith("https://") for text in origins):
        raise ImproperlyConfigured("DEMO_LAN needs ORIGINS with https:// only: phones give plain HTTP no camera.")


def _refuse_origins(origins: Sequence[str], *, demo: bool) -> None:
    if not origins:
        raise ImproperlyConfigured("ORIGINS is empty. Name the addresses that pages come from, as https://host.")
    for text in origins:
        origin = parse_origin(text)
        if origin is None:
            raise ImproperlyConfigured(
                f"ORIGINS contains {text!r}. Write each as https://host or https://host:port, without wildcard or path."
            )
        if origin.scheme == "http" and not origin.is_loopback and not demo:
            raise ImproperlyConfigured(
                f"ORIGINS contains {text!r}. Browsers give camera and microphone to https:// pages only."
            )


def _refuse_base_url(base_url: str, origins: Sequence[str], allowed_hosts: Sequence[str]) -> None:
    origin = parse_origin(base_url)
    if origin is None or base_url not in origins:
        raise ImproperlyConfigured(f"BASE_URL {base_url!r} must be one of ORIGINS: personal links lead there.")
    if origin.host not in {host.lower() for host in allowed_hosts}:
        raise ImproperlyConfigured(
            f"ALLOWED_HOSTS lacks {origin.host!r}, the host of BASE_URL: every personal link would be refused."
        )
