"""What staff read of messages: each code as a plain sentence with one thing to do. No rules of sending here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext, gettext_noop, pgettext_lazy

from notifications.lifecycle import MessageStatus

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Words:
    """`what` happened, and one thing to `do`; empty where there is nothing to do."""

    what: str
    do: str = ""


CALL = gettext_noop("Call the patient.")
ASK = gettext_noop("Ask the patient for one, enter it and send again.")
CORRECT = gettext_noop("Ask for the right one, correct it and send again.")
WAIT = gettext_noop("Nothing to do: it is tried again by itself.")

# Why a message was not sent, has failed or waits: code -> words.
REASONS: dict[str, Words] = {
    # The address
    "no_address": Words(gettext_noop("We have no address for it."), ASK),
    "no_address.email": Words(gettext_noop("We have no email address of the patient."), ASK),
    "no_address.sms": Words(gettext_noop("We have no phone number of the patient that takes texts."), ASK),
    "bad_address": Words(gettext_noop("The provider says that this address cannot be one."), CORRECT),
    "bounced": Words(gettext_noop("It came back: nobody is there at this address."), CORRECT),
    "undelivered": Words(gettext_noop("The provider could not deliver it."), CORRECT),
    "complained": Words(gettext_noop("Whoever reads at this address reported our message as unwanted."), CORRECT),
    # The person
    "opted_out": Words(gettext_noop("The patient does not want such messages this way."), CALL),
    "stopped": Words(
        gettext_noop("The patient answered STOP."),
        gettext_noop("Call the patient. START, sent from that phone, allows texts again."),
    ),
    # How things stood when it was due
    "moved": Words(gettext_noop("The visit had moved; a newer message tells of it.")),
    "cancelled": Words(gettext_noop("The visit was cancelled.")),
    "confirmed": Words(gettext_noop("The patient had confirmed already.")),
    "page_open": Words(gettext_noop("The patient was looking at the page of the visit.")),
    "not_next": Words(gettext_noop("The patient was no longer next.")),
    "not_so": Words(gettext_noop("It was no longer so.")),
    "over": Words(gettext_noop("The visit was over.")),
    "arrived": Words(gettext_noop("The patient was in the waiting room already.")),
    "newer": Words(gettext_noop("A newer message says the same and more.")),
    "left": Words(gettext_noop("The patient had left.")),
    "merged": Words(gettext_noop("The patient is kept under another record now, which has its own messages.")),
    "booked_late": Words(gettext_noop("The visit was booked after it would have gone out.")),
    "another_way": Words(gettext_noop("The same went another way.")),
    "off": Words(gettext_noop("The clinic has switched such messages off.")),
    "withdrawn": Words(gettext_noop("What it would have told was taken back.")),
    # Time and number
    "too_late": Words(gettext_noop("It was too late to be of use."), CALL),
    "too_many": Words(gettext_noop("The patient had got as many messages as the clinic allows in a day."), CALL),
    "quiet": Words(gettext_noop("It waits for the end of the patient’s quiet hours.")),
    # Ourselves and providers
    "no_carrier": Words(
        gettext_noop("The clinic has no provider for this way."), gettext_noop("Ask your administrator to set one up.")
    ),
    "broken": Words(
        gettext_noop("We could not put it together."), gettext_noop("Tell your administrator, then send again.")
    ),
    "provider_down": Words(
        gettext_noop("The provider did not answer."), gettext_noop("Send it again in a few minutes.")
    ),
    "refused": Words(
        gettext_noop("The provider did not take it."), gettext_noop("Look at the address, then send again.")
    ),
    "timeout": Words(
        gettext_noop("The provider took too long to answer."), gettext_noop("Send it again in a few minutes.")
    ),
    "provider_busy": Words(
        gettext_noop("The provider asked us to wait."), gettext_noop("Send it again in a few minutes.")
    ),
    "provider_setup": Words(
        gettext_noop("The provider does not accept our account."),
        gettext_noop("Tell your administrator, then send again."),
    ),
    "not_now": Words(
        gettext_noop("The provider did not take it just then."), gettext_noop("Send it again in a few minutes.")
    ),
    "garbled": Words(
        gettext_noop("The provider’s answer could not be read."),
        gettext_noop("Call the patient: it may have gone out or not."),
    ),
}

# What became of a message, one line each in its history: code -> words.
EVENTS: "dict[str, StrOrPromise]" = {
    "sent": pgettext_lazy("a message", "Handed to the provider"),
    "refused": pgettext_lazy("a message", "Not taken, to be tried again"),
    "put_off": pgettext_lazy("a message", "Put off"),
    "skipped": pgettext_lazy("a message", "Not sent"),
    "failed": pgettext_lazy("a message", "Failed"),
    "accepted": pgettext_lazy("a message", "Taken by the provider"),
    "delivered": pgettext_lazy("a message", "Delivered"),
    "undelivered": pgettext_lazy("a message", "Not delivered"),
    "bounced": pgettext_lazy("a message", "Came back"),
    "complained": pgettext_lazy("a message", "Reported as unwanted"),
    "unsubscribed": pgettext_lazy("a message", "Such messages were stopped from the mail program"),
    "again": pgettext_lazy("a message", "Sent again by the desk"),
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

    word: "StrOrPromise"
    css: str
    icon: str
    weight: str = "fill"


STATES: dict[str, Look] = {
    MessageStatus.WAITING: Look(pgettext_lazy("a message", "Waiting"), "expected", "clock", "regular"),
    MessageStatus.SENDING: Look(pgettext_lazy("a message", "Being sent"), "held", "paper-plane-right"),
    MessageStatus.SENT: Look(pgettext_lazy("a message", "Sent"), "home", "paper-plane-right"),
    MessageStatus.DELIVERED: Look(pgettext_lazy("a message", "Delivered"), "done", "check-circle"),
    MessageStatus.FAILED: Look(pgettext_lazy("a message", "Did not reach them"), "trouble", "warning-circle"),
    MessageStatus.SKIPPED: Look(pgettext_lazy("a message", "Not sent"), "cancelled", "x", "regular"),
}

# Failed, and the same went by another channel, or a newer message has taken its place.
WENT_OTHERWISE = Look(pgettext_lazy("a message", "Went another way"), "held", "arrow-right", "regular")


def reason(code: str, channel: str = "") -> Words:
    """The words of a code, for this channel where they differ; else that it did not work, and the code for the desk."""
    found = REASONS.get(f"{code}.{channel}") or REASONS.get(code)
    if found is None:
        found = Words(gettext("It did not work (%(code)s).") % {"code": code}, "Look at the address, then send again.")
    return Words(gettext(found.what), gettext(found.do))


def event(code: str) -> str:
    return str(EVENTS.get(code, code))
