"""What staff read of messages: each code as a plain sentence with one thing to do. No rules of sending here."""

from dataclasses import dataclass

from notifications.lifecycle import MessageStatus


@dataclass(frozen=True)
class Words:
    """`what` happened, and one thing to `do`; empty where there is nothing to do."""

    what: str
    do: str = ""


CALL = "Call the patient."
ASK = "Ask the patient for one, enter it and send again."
CORRECT = "Ask for the right one, correct it and send again."
WAIT = "Nothing to do: it is tried again by itself."

# Why a message was not sent, has failed or waits: code -> words.
REASONS: dict[str, Words] = {
    # The address
    "no_address": Words("We have no address for it.", ASK),
    "no_address.email": Words("We have no email address of the patient.", ASK),
    "no_address.sms": Words("We have no phone number of the patient that takes texts.", ASK),
    "bad_address": Words("The provider says that this address cannot be one.", CORRECT),
    "bounced": Words("It came back: nobody is there at this address.", CORRECT),
    "undelivered": Words("The provider could not deliver it.", CORRECT),
    "complained": Words("Whoever reads at this address reported our message as unwanted.", CORRECT),
    # The person
    "opted_out": Words("The patient does not want such messages this way.", CALL),
    "stopped": Words(
        "The patient answered STOP.", "Call the patient. START, sent from that phone, allows texts again."
    ),
    # How things stood when it was due
    "moved": Words("The visit had moved; a newer message tells of it."),
    "cancelled": Words("The visit was cancelled."),
    "confirmed": Words("The patient had confirmed already."),
    "page_open": Words("The patient was looking at the page of the visit."),
    "not_next": Words("The patient was no longer next."),
    "not_so": Words("It was no longer so."),
    "over": Words("The visit was over."),
    "arrived": Words("The patient was in the waiting room already."),
    "newer": Words("A newer message says the same and more."),
    "left": Words("The patient had left."),
    "merged": Words("The patient is kept under another record now, which has its own messages."),
    "booked_late": Words("The visit was booked after it would have gone out."),
    "another_way": Words("The same went another way."),
    "off": Words("The clinic has switched such messages off."),
    "withdrawn": Words("What it would have told was taken back."),
    # Time and number
    "too_late": Words("It was too late to be of use.", CALL),
    "too_many": Words("The patient had got as many messages as the clinic allows in a day.", CALL),
    "quiet": Words("It waits for the end of the patient’s quiet hours."),
    # Ourselves and providers
    "no_carrier": Words("The clinic has no provider for this way.", "Ask your administrator to set one up."),
    "broken": Words("We could not put it together.", "Tell your administrator, then send again."),
    "provider_down": Words("The provider did not answer.", "Send it again in a few minutes."),
    "refused": Words("The provider did not take it.", "Look at the address, then send again."),
    "timeout": Words("The provider took too long to answer.", "Send it again in a few minutes."),
    "provider_busy": Words("The provider asked us to wait.", "Send it again in a few minutes."),
    "provider_setup": Words("The provider does not accept our account.", "Tell your administrator, then send again."),
    "not_now": Words("The provider did not take it just then.", "Send it again in a few minutes."),
    "garbled": Words("The provider’s answer could not be read.", "Call the patient: it may have gone out or not."),
}

# What became of a message, one line each in its history: code -> words.
EVENTS: dict[str, str] = {
    "sent": "Handed to the provider",
    "refused": "Not taken, to be tried again",
    "put_off": "Put off",
    "skipped": "Not sent",
    "failed": "Failed",
    "accepted": "Taken by the provider",
    "delivered": "Delivered",
    "undelivered": "Not delivered",
    "bounced": "Came back",
    "complained": "Reported as unwanted",
    "unsubscribed": "Such messages were stopped from the mail program",
    "again": "Sent again by the desk",
}

# The address is what has to be put right.
ABOUT_THE_ADDRESS = frozenset({"no_address", "bad_address", "bounced", "undelivered", "complained", "refused"})
# Of these it is known that the same address will not do.
KNOWN_BAD = frozenset({"no_address", "bad_address", "bounced", "complained"})
# The person's own choice: sending it again would be the same answer again.
CHOSEN = frozenset({"opted_out", "stopped"})
# Skipped, and yet somebody should know.
TO_BE_KNOWN = frozenset({"too_late"})


@dataclass(frozen=True)
class Look:
    """A state as a tag: its word, its colour's class, and icon."""

    word: str
    css: str
    icon: str
    weight: str = "fill"


STATES: dict[str, Look] = {
    MessageStatus.WAITING: Look("Waiting", "expected", "clock", "regular"),
    MessageStatus.SENDING: Look("Being sent", "held", "paper-plane-right"),
    MessageStatus.SENT: Look("Sent", "home", "paper-plane-right"),
    MessageStatus.DELIVERED: Look("Delivered", "done", "check-circle"),
    MessageStatus.FAILED: Look("Did not reach them", "trouble", "warning-circle"),
    MessageStatus.SKIPPED: Look("Not sent", "cancelled", "x", "regular"),
}

# Failed, and the same went by another channel, or a newer message has taken its place.
WENT_OTHERWISE = Look("Went another way", "held", "arrow-right", "regular")


def reason(code: str, channel: str = "") -> Words:
    """The words of a code, for this channel where they differ; else that it did not work, and the code for the desk."""
    found = REASONS.get(f"{code}.{channel}") or REASONS.get(code)
    return found or Words(f"It did not work ({code}).", "Look at the address, then send again.")


def event(code: str) -> str:
    return EVENTS.get(code, code)
