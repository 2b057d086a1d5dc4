"""The relay's typed errors: a stable code and a plain sentence. Nothing else."""

from __future__ import annotations


class RelayError(Exception):
    """Refused, and why. `code` is for programs, the message for people; neither names a person."""

    code = "relay_error"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class SdpError(RelayError):
    code = "bad_sdp"


class MessageError(RelayError):
    code = "bad_message"


class ConfigError(RelayError):
    code = "bad_config"
