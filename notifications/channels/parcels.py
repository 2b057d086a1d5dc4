"""What is handed to a carrier, and what it answers. No database here."""

from dataclasses import dataclass, field

from notifications.kinds import File


@dataclass(frozen=True)
class Parcel:
    """One message to one address. `key` is the same for every try; `to` is an address, a number, or a patient's pk."""

    key: str
    channel: str
    organization_id: int
    to: str
    language: str
    subject: str
    text: str
    html: str = ""
    files: tuple[File, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    sender: str = ""
    # Where a press on a notification leads.
    link: str = ""


@dataclass(frozen=True)
class Receipt:
    """The provider has it. `provider_id` is what its later notices call the message."""

    provider: str
    provider_id: str = ""


class NotTaken(Exception):  # noqa: N818  an answer, not a mistake of ours
    """The provider does not have it. `why` is a code (words.py).

    `for_good`: this address will never do. `is_down`: it is the provider, not this message; the others wait too, for
    `wait` seconds where it said so. Neither: this message is tried again later.
    """

    def __init__(self, why: str, *, for_good: bool = False, is_down: bool = False, wait: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.for_good, self.is_down, self.wait = why, for_good, is_down, wait
