"""Unsafe values refuse to start, each with a sentence that names what to change."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "import telehealth.settings as s; print(s.HTTPS, s.WORKERS_IN_PROCESS)"


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own."""
    clean = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOUSECALL_VAR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**clean, **environment}, capture_output=True, text=True, timeout=120
    )


SAFE = {"ALLOWED_HOSTS": "clinic.example", "ORIGINS": "https://clinic.example"}

HOME = {"ALLOWED_HOSTS": "10.0.0.7", "ORIGINS": "https://10.0.0.7:8000"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({**SAFE, "DEBUG": "1"}, "DEBUG shows inner workings"),
        ({"RECORDINGS_DIR": "/srv/a", "RECORDING_KEYS_DIR": "/srv/a/keys"}, "must not lie inside RECORDINGS_DIR"),
        ({"RECORDING_MAX_HOURS": "0"}, "must be 1 or more"),
        ({"RELAY_RECORDING_RESERVE": "-1"}, "must be 0 or more bytes"),
        ({**SAFE, "DEMO": "1"}, "DEMO has known passwords"),
        ({**SAFE, "DEMO": "1", "DEMO_LAN": "1"}, "'clinic.example' is in none"),
        ({**HOME, "DEMO": "1"}, "DEMO has known passwords"),
        ({**HOME, "DEMO": "1", "DEMO_LAN": "1", "ORIGINS": "http://10.0.0.7"}, "https:// only"),
        ({"ALLOWED_HOSTS": "*"}, "without wildcards"),
        ({"ALLOWED_HOSTS": ".clinic.example"}, "without wildcards"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty"),
        ({"ORIGINS": ""}, "ORIGINS is empty"),
        ({"ORIGINS": "*"}, "without wildcard or path"),
        ({"ORIGINS": "https://*.clinic.example"}, "without wildcard or path"),
        ({"ORIGINS": "https://clinic.example/"}, "without wildcard or path"),
        ({**SAFE, "ORIGINS": "http://clinic.example"}, "camera and microphone to https:// pages only"),
        ({**SAFE, "BASE_URL": "https://elsewhere.example"}, "must be one of ORIGINS"),
        ({"ORIGINS": "https://clinic.example"}, "ALLOWED_HOSTS lacks 'clinic.example', the host of BASE_URL"),
        ({**SAFE, "ALLOWED_HOSTS": "localhost,www.clinic.example"}, "ALLOWED_HOSTS lacks 'clinic.example'"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY is too short or too plain"),
        ({"WEB_PROCESSES": "2"}, "needs REDIS_URL"),
        ({"WEB_PROCESSES": "0"}, "at least 1"),
        ({"WEB_PROCESSES": "many"}, "WEB_PROCESSES"),
        ({"DEBUG": "perhaps"}, "DEBUG"),
        ({"TURN_URLS": "stun:turn.example", "TURN_SECRET": "x7" * 20}, "is not like turn:host:port"),
        ({"TURN_URLS": "turns:turn.example?transport=udp"}, "asks for DTLS"),
        ({"TURN_URLS": "turn:turn.example:70000"}, "no possible port"),
        ({"TURN_URLS": "turn:turn.example"}, "TURN_SECRET is too short"),
        ({"TURN_TTL": "7d"}, "TURN_TTL must lie between"),
        ({"DATABASE_URL": "mysql://root@localhost/clinic"}, "SQLite or PostgreSQL"),
        ({"EMAIL_URL": "smtp://me:secret@mail.example"}, "password unencrypted"),
        ({"EMAIL_URL": "pigeon://mail.example"}, "EMAIL_URL must begin with"),
        ({**SAFE, "EMAIL_URL": "submission://me:secret@mail.example"}, "MAIL_FROM must be an address of the clinic's"),
        ({"ANYMAIL_PROVIDER": "postmark"}, "ANYMAIL_POSTMARK_SERVER_TOKEN must be set"),
        ({"SMS_URL": "twilio://nobody@+15550100000"}, "the account's own SID"),
        ({**SAFE, "MESSAGE_SINK": "1"}, "MESSAGE_SINK sends nothing to anybody"),
    ],
)
def test_settings_with_an_unsafe_value_refuse_to_start(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    result = start(tmp_path, **environment)
    assert result.returncode != 0
    assert "ImproperlyConfigured" in result.stderr
    assert sentence in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "False True"),
        ({"DEMO": "1"}, "False True"),
        ({"DEBUG": "1"}, "False True"),
        (SAFE, "True True"),
        ({**HOME, "DEMO": "1", "DEMO_LAN": "1"}, "True True"),
        ({**SAFE, "ALLOWED_HOSTS": "localhost,Clinic.Example"}, "True True"),
        ({"ORIGINS": "http://[::1]:8000"}, "False True"),
        ({**SAFE, "WEB_PROCESSES": "2", "REDIS_URL": "redis://127.0.0.1:1/0"}, "True False"),
        (
            {**SAFE, "EMAIL_URL": "submission://me:secret@mail.example", "MAIL_FROM": "Clinic <a@clinic.example>"},
            "True True",
        ),
    ],
)
def test_settings_with_safe_values_start(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    result = start(tmp_path, **environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == expected
