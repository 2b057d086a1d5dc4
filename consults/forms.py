"""The forms of the visit page. What may be typed where is the services' rule; here it is only read and explained."""

from typing import Any

from django import forms

from consent.models import Consent

NO_CONSENT = "Tick the box to agree to a video visit, or call the desk."
SHORT_CONSENT = (
    "A video visit is private like a visit in our rooms. {doctor} cannot examine you by hand "
    "and may ask you to come in. You can stop at any time."
)
NO_RECORDING_ANSWER = "Say whether we may record this visit: yes or no."
SHORT_RECORDING = (
    "Only you and {doctor} can play it, and it is deleted when its time is up. "
    "If you say no, nothing changes in your care."
)
RECORDING_ANSWERS = ((Consent.Decision.PERMIT, "Yes, you may record"), (Consent.Decision.DENY, "No, do not record"))
SHORT_CONSENT_OF_GUESTS = (
    "A video visit is private like a visit in our rooms: what you see and hear there is nobody else’s business. "
    "You can leave at any time."
)
SHORT_RECORDING_FOR_GUESTS = (
    "Only {patient} and {doctor} can play it, and it is deleted when its time is up. "
    "If you say no, nothing is recorded while you take part."
)
NO_PLACE = "Tell us where you are now."
NO_PHONE = "Give a number that we can call."


class ConsentForm(forms.Form):
    """The questions before going in: the video visit, once, and the recording, at every visit."""

    agree = forms.BooleanField(error_messages={"required": NO_CONSENT})
    version = forms.CharField(max_length=32, widget=forms.HiddenInput)
    recording = forms.ChoiceField(
        choices=RECORDING_ANSWERS,
        widget=forms.RadioSelect,
        error_messages={"required": NO_RECORDING_ANSWER, "invalid_choice": NO_RECORDING_ANSWER},
    )
    recording_version = forms.CharField(max_length=32, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks_video: bool, asks_recording: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for asked, names in ((asks_video, ("agree", "version")), (asks_recording, ("recording", "recording_version"))):
            for name in () if asked else names:
                del self.fields[name]


class PlaceForm(forms.Form):
    place = forms.CharField(
        label="Where are you now?",
        max_length=200,
        error_messages={"required": NO_PLACE, "max_length": "Say it in up to 200 letters."},
        widget=forms.TextInput(attrs={"autocomplete": "street-address", "data-required": NO_PLACE}),
    )
    callback_phone = forms.CharField(
        label="Which number can we call?",
        max_length=40,
        error_messages={"required": NO_PHONE, "max_length": "Give one number only."},
        widget=forms.TelInput(attrs={"autocomplete": "tel", "data-required": NO_PHONE}),
    )


def field_errors(form: forms.Form) -> dict[str, str]:
    """One sentence per field, for the error summary that the page's script draws."""
    return {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
