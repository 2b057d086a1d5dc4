"""Writing recordings: every change of one goes through one of these."""

from recordings.services.hearing import hear_relay
from recordings.services.life import answer_recording, end_with_visit, start_recording, stop_recording
from recordings.services.settling import consent_answered, seats_changed
from recordings.services.watching import watch_recordings

__all__ = [
    "answer_recording",
    "consent_answered",
    "end_with_visit",
    "hear_relay",
    "seats_changed",
    "start_recording",
    "stop_recording",
    "watch_recordings",
]
