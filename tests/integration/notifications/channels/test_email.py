"""Mail to a real SMTP server, and to a provider over HTTP, as they answer and as they fail."""

import email
import email.policy
import json
import threading
from email.message import EmailMessage
from typing import Any

import pytest

from notifications.channels import NotTaken, Parcel
from notifications.channels.email import EmailCarrier
from notifications.kinds import File
from tests.integration.notifications.channels.fakes import Mailbox, Says, Web, mail_server, nobody
from tests.integration.notifications.channels.parcels import parcel
from tests.ports import free_port

INVITE = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
CALENDAR = File("visit.ics", INVITE, "text/calendar; method=REQUEST; charset=utf-8")
UNSUBSCRIBE = {
    "List-Unsubscribe": "<https://clinic.example/p/1/>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
}


def carry(one: Parcel) -> Any:
    carrier = EmailCarrier()
    try:
        return carrier.carry(one)
    finally:
        carrier.close()


def refused(one: Parcel) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        carry(one)
    return caught.value


def read(box: Mailbox, place: int = -1) -> EmailMessage:
    return email.message_from_bytes(box.taken[place].content, policy=email.policy.default)  # type: ignore[return-value]


def test_mail_is_taken_whole(mailbox: Mailbox) -> None:
    receipt = carry(parcel(html="<p>Thursday</p>", files=(CALENDAR,), headers=UNSUBSCRIBE))
    mail = read(mailbox)
    assert (receipt.provider, f"<{receipt.provider_id}>") == ("smtp", mail["Message-ID"])
    assert mail["Message-ID"] == "<0123456789abcdef0123456789abcdef-1@clinic.example>"
    assert (mail["From"], mail["To"]) == ("Rowan House <no-reply@clinic.example>", "ana@example.org")
    assert mail["Subject"] == "Your video visit on Thursday"
    assert {name: mail[name] for name in UNSUBSCRIBE} == UNSUBSCRIBE
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().strip() == "Video visit from home: Thursday 3 September."
    assert html.get_content().strip() == "<p>Thursday</p>"


def test_calendar_file_is_an_invitation_that_programs_know(mailbox: Mailbox) -> None:
    carry(parcel(files=(CALENDAR,)))
    [file] = read(mailbox).iter_attachments()
    assert file.get_content_type() == "text/calendar"
    assert dict(file["Content-Type"].params) == {"method": "REQUEST", "charset": "utf-8"}
    assert str(file["Content-Type"]).count("charset") == 1
    assert file.get_filename() == "visit.ics"
    assert file.get_payload(decode=True) == INVITE


def test_second_try_has_the_same_message_id_and_another_round_another(mailbox: Mailbox) -> None:
    carry(parcel())
    carry(parcel())
    carry(parcel(key="0123456789abcdef0123456789abcdef-2"))
    ids = [read(mailbox, place)["Message-ID"] for place in range(3)]
    assert ids[0] == ids[1] != ids[2]


def test_a_batch_uses_one_connection_and_opens_a_new_one_when_the_server_hung_up(mailbox: Mailbox) -> None:
    carrier = EmailCarrier()
    for _ in range(3):
        carrier.carry(parcel())
    assert (len(mailbox.taken), mailbox.connections) == (3, 1)
    carrier._kept.connection.connection.sock.shutdown(2)
    carrier.carry(parcel())
    assert (len(mailbox.taken), mailbox.connections) == (4, 2)
    carrier.close()
    carrier.carry(parcel())
    carrier.close()
    assert (len(mailbox.taken), mailbox.connections) == (5, 3)


def test_connections_of_two_threads_are_two(mailbox: Mailbox) -> None:
    carrier = EmailCarrier()
    threads = [threading.Thread(target=lambda: (carrier.carry(parcel()), carrier.close())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(mailbox.taken), mailbox.connections) == (2, 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"subject": "Hi\r\nBcc: eve@example.org"},
        {"sender": "House\r\nBcc: eve@example.org"},
        {"sender": 'House" <eve@example.org>, "'},
        {"headers": {"List-Unsubscribe": "<x>\r\nBcc: eve@example.org"}},
        {"headers": {"X\r\nBcc": "eve@example.org"}},
        {"headers": {"Bcc": "eve@example.org", "bCC": "eve@example.org", "To": "eve@example.org"}},
        {"files": (File("a.ics\r\nBcc: eve@example.org", b"x", "text/calendar\r\nBcc: eve@example.org"),)},
        {"text": "Hi\r\n.\r\nRCPT TO:<eve@example.org>\r\n"},
    ],
)
def test_nothing_in_a_parcel_begins_a_header(mailbox: Mailbox, fields: dict[str, Any]) -> None:
    carry(parcel(**fields))
    [taken] = mailbox.taken
    mail = read(mailbox)
    assert taken.rcpt_tos == ["ana@example.org"]
    assert mail["Bcc"] is None
    assert [str(one.addr_spec) for one in mail["From"].addresses] == ["no-reply@clinic.example"]
    assert mail.get_all("To") == ["ana@example.org"]


@pytest.mark.parametrize(
    "to", ["", "ana", "ana@", "@example.org", "ana@example.org, eve@example.org", "ana@example.org\r\nBcc: eve@x.org",
           "Ana <ana@example.org>", "a b@example.org", "ana@exa mple.org", "ana@example..org"],
)  # fmt: skip
def test_what_is_no_address_is_never_handed_over(mailbox: Mailbox, to: str) -> None:
    answer = refused(parcel(to=to))
    assert (answer.why, answer.for_good, answer.is_down) == ("bad_address", True, False)
    assert mailbox.connections == 0


@pytest.mark.parametrize(
    ("said", "why", "for_good", "is_down"),
    [
        ("550 no such user", "refused", True, False),
        ("552 full", "refused", True, False),
        ("450 greylisted", "not_now", False, False),
        ("452 too many", "not_now", False, False),
    ],
)
def test_what_a_server_says_of_an_address(mailbox: Mailbox, said: str, why: str, for_good: bool, is_down: bool) -> None:
    mailbox.to["ana@example.org"] = said
    answer = refused(parcel())
    assert (answer.why, answer.for_good, answer.is_down) == (why, for_good, is_down)
    assert carry(parcel(to="ben@example.org")).provider == "smtp"


@pytest.mark.parametrize(
    ("said", "why", "for_good", "is_down"),
    [
        ("554 spam", "refused", True, False),
        ("451 later", "not_now", False, False),
        ("421 bye", "provider_busy", False, True),
    ],
)
def test_what_a_server_says_of_a_mail(mailbox: Mailbox, said: str, why: str, for_good: bool, is_down: bool) -> None:
    mailbox.data = said
    answer = refused(parcel())
    assert (answer.why, answer.for_good, answer.is_down) == (why, for_good, is_down)


def test_a_sender_that_is_refused_stops_the_channel(mailbox: Mailbox) -> None:
    mailbox.sender = "553 not yours"
    assert (refused(parcel()).why, refused(parcel()).is_down) == ("provider_setup", True)


def test_a_server_that_is_not_there_is_down(mailbox: Mailbox, settings: Any) -> None:
    settings.EMAIL_PORT = free_port()
    answer = refused(parcel())
    assert (answer.why, answer.is_down) == ("provider_down", True)


def test_a_password_that_is_wrong_stops_the_channel(mailbox: Mailbox, settings: Any) -> None:
    with mail_server(authenticator=nobody, auth_require_tls=False) as box:
        settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = box.port, "a", "b"
        answer = refused(parcel())
    assert (answer.why, answer.is_down) == ("provider_setup", True)


def test_a_server_that_does_not_answer_is_left_in_time(mailbox: Mailbox, settings: Any) -> None:
    settings.MESSAGE_TIMEOUT = 0.3
    mailbox.hold = threading.Event()
    answer = refused(parcel())
    assert (answer.why, answer.is_down) == ("timeout", True)


def test_what_a_server_says_is_in_no_error_of_ours(mailbox: Mailbox) -> None:
    mailbox.to["ana@example.org"] = "550 ana@example.org is unknown"
    answer = refused(parcel())
    assert "ana" not in repr(answer)
    assert answer.__suppress_context__ or answer.__context__ is None


def test_provider_over_http_takes_a_mail(postmark: Web) -> None:
    postmark.answer = lambda asked: Says(
        200, json.dumps({"ErrorCode": 0, "Message": "OK", "MessageID": "abc-1", "To": "ana@example.org"}).encode()
    )
    receipt = carry(parcel(sender="Clínica Ñandú", html="<p>x</p>", files=(CALENDAR,), headers=UNSUBSCRIBE))
    assert (receipt.provider, receipt.provider_id) == ("postmark", "abc-1")
    told = json.loads(postmark.asked[0].body)
    assert told["Metadata"] == {"key": "0123456789abcdef0123456789abcdef-1"}
    assert (told["TrackLinks"], told["TrackOpens"]) == ("None", False)
    headers = {one["Name"]: one["Value"] for one in told["Headers"]}
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"] == "<0123456789abcdef0123456789abcdef-1@clinic.example>"
    assert told["Attachments"][0]["Name"] == "visit.ics"
    assert "Clínica Ñandú" in email.message_from_string(f"From: {told['From']}", policy=email.policy.default)["From"]


@pytest.mark.parametrize(
    ("said", "why", "for_good", "is_down", "wait"),
    [
        (Says(429, b"{}", {"Retry-After": "7"}), "provider_busy", False, True, 7.0),
        (Says(500, b"oops"), "provider_down", False, True, 0.0),
        (Says(503, b"", {"Retry-After": "soon"}), "provider_busy", False, True, 0.0),
        (Says(401, b"{}"), "provider_setup", False, True, 0.0),
        (Says(302, b"", {"Location": "http://127.0.0.1:9/"}), "provider_down", False, True, 0.0),
        (Says(413, b"{}"), "refused", True, False, 0.0),
        (Says(200, b"<html>Welcome to our hotel</html>"), "garbled", False, False, 0.0),
        (Says(200, b'{"ErrorCode": 0}'), "garbled", False, False, 0.0),
        (Says(200, b'{"ErrorCode": {"a": []}, "Message": 5}'), "garbled", False, False, 0.0),
        (Says(200, b"[]"), "garbled", False, False, 0.0),
        (Says(200, b"\xff\xfe"), "garbled", False, False, 0.0),
    ],
)
def test_what_a_provider_over_http_may_answer(
    postmark: Web, said: Says, why: str, for_good: bool, is_down: bool, wait: float
) -> None:
    postmark.answer = lambda asked: said
    answer = refused(parcel())
    assert (answer.why, answer.for_good, answer.is_down, answer.wait) == (why, for_good, is_down, wait)


def test_provider_over_http_that_is_away_or_slow_is_down(postmark: Web, settings: Any) -> None:
    settings.MESSAGE_TIMEOUT = 0.3
    postmark.hold = threading.Event()
    assert (refused(parcel()).why, refused(parcel()).is_down) == ("timeout", True)
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": f"http://127.0.0.1:{free_port()}/"}
    assert refused(parcel()).why == "provider_down"
