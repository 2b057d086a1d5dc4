"""What the environment says of providers: taken as it is meant, or refused with a sentence."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from notifications import providers
from notifications.channels.asking import one_line, wait_of, within
from notifications.channels.endpoints import are_keys, is_push_service
from notifications.providers import Mail, read_mail, read_sender, read_sms

SMTP = {"EMAIL_BACKEND": providers.SMTP, "EMAIL_HOST": "mail.clinic.example", "EMAIL_HOST_PASSWORD": "p"}
CONSOLE = {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
SECRET = "house:0123456789abcdefghij"
SID, TOKEN = "AC" + "a1" * 16, "b2" * 16


def mail(smtp: dict[str, Any] = CONSOLE, **environment: str) -> Mail:
    return read_mail(smtp, environment, timeout=10, notices="https://clinic.example/hooks/mail/")


def test_provider_of_mail_is_told_what_the_environment_says() -> None:
    found = mail(
        ANYMAIL_PROVIDER="Postmark", ANYMAIL_POSTMARK_SERVER_TOKEN="t", ANYMAIL_WEBHOOK_SECRET=f"{SECRET}, {SECRET}"
    )
    assert (found.provider, found.leaves) == ("postmark", True)
    assert found.backend == "anymail.backends.postmark.EmailBackend"
    assert found.anymail == {
        "POSTMARK_SERVER_TOKEN": "t",
        "REQUESTS_TIMEOUT": 10,
        "WEBHOOK_SECRET": [SECRET, SECRET],
    }
    assert "t" not in repr(found).replace("postmark", "").split("anymail.backends")[0].split("Mail(")[1]


def test_mandrill_signs_the_address_that_it_was_told() -> None:
    found = mail(ANYMAIL_PROVIDER="mandrill", ANYMAIL_MANDRILL_API_KEY="k")
    assert found.anymail["MANDRILL_WEBHOOK_URL"] == "https://clinic.example/hooks/mail/"


def test_mail_to_a_terminal_leaves_nobody() -> None:
    assert (mail().leaves, mail({**SMTP, "EMAIL_USE_TLS": True}).leaves) == (False, True)
    local = {"EMAIL_BACKEND": providers.SMTP, "EMAIL_HOST": "127.0.0.1", "EMAIL_HOST_PASSWORD": "p"}
    assert mail(local).leaves
    assert mail({"EMAIL_BACKEND": providers.SMTP, "EMAIL_HOST": "relay.example", "EMAIL_HOST_PASSWORD": ""}).leaves


@pytest.mark.parametrize(
    ("smtp", "environment", "sentence"),
    [
        (SMTP, {}, "password unencrypted"),
        ({}, {}, "EMAIL_URL must begin with"),
        (CONSOLE, {"ANYMAIL_PROVIDER": "pigeon"}, "must be one of"),
        (CONSOLE, {"ANYMAIL_PROVIDER": "postmark"}, "ANYMAIL_POSTMARK_SERVER_TOKEN must be set"),
        (CONSOLE, {"ANYMAIL_MAILGUN_API_KEY": "k"}, "ANYMAIL_PROVIDER does not say"),
        (CONSOLE, {"ANYMAIL_PROVIDER": "mailgun", "EMAIL_URL": "smtp://a"}, "both set"),
        (
            CONSOLE,
            {"ANYMAIL_PROVIDER": "mailgun", "ANYMAIL_MAILGUN_API_KEY": "k", "ANYMAIL_DEBUG_API_REQUESTS": "1"},
            "means nothing to mailgun",
        ),
        (
            CONSOLE,
            {
                "ANYMAIL_PROVIDER": "mailgun",
                "ANYMAIL_MAILGUN_API_KEY": "k",
                "ANYMAIL_MAILGUN_API_URL": "http://api.example",
            },
            "must begin with https://",
        ),
        (
            CONSOLE,
            {"ANYMAIL_PROVIDER": "mailgun", "ANYMAIL_MAILGUN_API_KEY": "k", "ANYMAIL_WEBHOOK_SECRET": "a:short"},
            "ANYMAIL_WEBHOOK_SECRET must be like",
        ),
        (
            CONSOLE,
            {"ANYMAIL_PROVIDER": "mailgun", "ANYMAIL_MAILGUN_API_KEY": "k", "ANYMAIL_WEBHOOK_SECRET": "x" * 40},
            "ANYMAIL_WEBHOOK_SECRET must be like",
        ),
    ],
)
def test_unsafe_mail_is_refused(smtp: dict[str, Any], environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        mail(smtp, **environment)


@pytest.mark.parametrize("sender", ["+15550100000", "MG" + "c3" * 16])
def test_twilio_is_read(sender: str) -> None:
    account = read_sms(f"twilio://{SID}:{TOKEN}@{sender}")
    assert account == providers.TwilioAccount(SID, TOKEN, sender)
    assert TOKEN not in repr(account)


def test_any_other_provider_is_read_and_none() -> None:
    read = read_sms("apprise:json://127.0.0.1/{to}")
    assert isinstance(read, providers.AppriseAddress)
    assert "127" not in repr(read)
    assert read_sms("") is None


@pytest.mark.parametrize(
    "url",
    [
        "twilio://",
        f"twilio://{SID}@+15550100000",
        f"twilio://SK{'a1' * 16}:{TOKEN}@+15550100000",
        f"twilio://{SID}:{TOKEN}@5550100000",
        f"twilio://{SID}:{TOKEN}@",
        f"twilio://{SID}:{TOKEN}@+15550100000/more",
        f"https://{SID}:{TOKEN}@+15550100000",
        "apprise:json://127.0.0.1/",
        "apprise:pigeon://127.0.0.1/{to}",
        "nonsense",
    ],
)
def test_text_messages_that_cannot_be_are_refused_without_their_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SMS_URL") as caught:
        read_sms(url)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("written", ["", "nobody", "a@b@c", "Clinic <a@clinic.example>\nBcc: x@y.z"])
def test_sender_that_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MAIL_FROM"):
        read_sender(written, leaves=False, is_public=False)


def test_sender_of_localhost_is_refused_where_mail_leaves_a_public_house() -> None:
    usual = "Housecall <no-reply@localhost>"
    assert read_sender(usual, leaves=True, is_public=False) == read_sender(usual, leaves=False, is_public=True) == usual
    with pytest.raises(ImproperlyConfigured, match="of the clinic's own"):
        read_sender(usual, leaves=True, is_public=True)


def test_channel_without_a_provider_has_no_carrier() -> None:
    twilio = read_sms(f"twilio://{SID}:{TOKEN}@+15550100000")
    nothing = providers.carriers(mail=mail(), sms=None, push=False, sink=False, is_local=False)
    assert nothing == {"email": "", "sms": "", "push": ""}
    everything = providers.carriers(
        mail=mail({**SMTP, "EMAIL_USE_TLS": True}), sms=twilio, push=True, sink=False, is_local=False
    )
    assert everything == {"email": providers.EMAIL, "sms": providers.TWILIO, "push": providers.PUSH}


def test_sink_takes_everything_and_only_on_this_machine() -> None:
    sunk = providers.carriers(mail=mail(), sms=None, push=True, sink=True, is_local=True)
    assert set(sunk.values()) == {providers.SINK}
    with pytest.raises(ImproperlyConfigured, match="MESSAGE_SINK"):
        providers.carriers(mail=mail(), sms=None, push=True, sink=True, is_local=False)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12.0), ("0", 0.0), ("99999999", 3600.0), ("", 0.0), (None, 0.0), ("soon", 0.0), ("-5", 0.0), ("1e9", 0.0),
     ("\u0661\u0662", 0.0), ("Fri, 01 Jan 2010 00:00:00 GMT", 0.0), ("Fri, 01 Jan 2150 00:00:00 GMT", 3600.0),
     ("Fri, 99 Jan 2150 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_read_with_bounds(header: str | None, seconds: float) -> None:
    assert wait_of(header) == seconds


def test_asking_returns_raises_and_ends() -> None:
    assert within(5, lambda: "yes") == "yes"
    with pytest.raises(KeyError):
        within(5, lambda: {}["no"])


def test_one_line_has_no_second() -> None:
    assert one_line("a\r\nb\u2028c\x00d\u0085e  f") == "a b c d e f"
    assert one_line("Clínica Ñandú") == "Clínica Ñandú"


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", True),
        ("https://FCM.googleapis.com/fcm/send/abc", True),
        ("https://fcm.googleapis.com:443/fcm/send/abc", True),
        ("https://updates.push.services.mozilla.com/wpush/v2/abc", True),
        ("https://web.push.apple.com/QGuQ", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8443/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/", False),
        ("https://evil.example/fcm.googleapis.com", False),
        ("https://user@fcm.googleapis.com/", False),
        ("https://fcm.googleapis.com@evil.example/", False),
        ("https://fcm.googleapis.com\\@evil.example/", False),
        ("https://a.b.notify.windows.com/", False),
        ("https://notify.windows.com/", False),
        ("https://xnotify.windows.com/", False),
        ("https://fcm.googleapis.com./x", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://[::1", False),
        ("https://fcm.googleapis.com:99999/", False),
        ("https://fcm.googleapis.com/a b", False),
        ("https://fcm.googleapis.com/a\n", False),
        ("https://fcm.googleapis.com/#a", False),
        ("https://fcm.googleapis.com/" + "a" * 800, False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_known_push_services_are_asked(endpoint: str, expected: bool) -> None:
    assert is_push_service(endpoint) is expected


POINT = "BNNL5ZaTfK81qhXOx23-wewhigUeFb632jN6LvRWCFH1ubQr77FE_9qV1FuojuRmHP42zmf34rXgW80OvUVDgTk"


@pytest.mark.parametrize(
    ("p256dh", "auth", "expected"),
    [
        (POINT, "zqbxT6JKstKSY9JKibZLSQ", True),
        (POINT + "=", "zqbxT6JKstKSY9JKibZLSQ==", True),
        (POINT[:-4] + "AAAA", "zqbxT6JKstKSY9JKibZLSQ", False),
        (POINT[:-4], "zqbxT6JKstKSY9JKibZLSQ", False),
        (POINT, "zqbxT6JK", False),
        (POINT, "!" * 22, False),
        (POINT, "\u00e9" * 22, False),
        ("A" * 5000, "zqbxT6JKstKSY9JKibZLSQ", False),
        ("", "", False),
    ],
)
def test_keys_of_a_browser_are_checked(p256dh: str, auth: str, expected: bool) -> None:
    assert are_keys(p256dh, auth) is expected
