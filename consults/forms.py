"""The forms of the visit page. What may be typed where is the services' rule; here it is only read and explained."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.models import Consent
from scheduling.forms.people import RegionField

NO_CONSENT = _("Tick the box to agree to a video visit, or call the desk.")
SHORT_CONSENT = _(
    "A video visit is private like a visit in our rooms. {doctor} cannot examine you by hand "
    "and may ask you to come in. You can stop at any time."
)
NO_RECORDING_ANSWER = _("Say whether we may record this visit: yes or no.")
SHORT_RECORDING = _(
    "Only you and {doctor} can play it, and it is deleted when its time is up. "
    "If you say no, nothing changes in your care."
)
RECORDING_ANSWERS = (
    (Consent.Decision.PERMIT, _("Yes, you may record")),
    (Consent.Decision.DENY, _("No, do not record")),
)
SHORT_CONSENT_OF_GUESTS = _(
    "A video visit is private like a visit in our rooms: what you see and hear there is nobody else’s business. "
    "You can leave at any time."
)
SHORT_RECORDING_FOR_GUESTS = _(
    "Only {patient} and {doctor} can play it, and it is deleted when its time is up. "
    "If you say no, nothing is recorded while you take part."
)
NO_PLACE = _("Tell us where you are now.")
NO_PHONE = _("Give a number that we can call.")


class ConsentForm(forms.Form):
    """The questions before going in: the video visit, once, and the recording, at every visit."""

    agree = forms.BooleanField(error_messages={"required": NO_CONSENT})
    version = forms.CharField(max_length=64, widget=forms.HiddenInput)
    recording = forms.ChoiceField(
        choices=RECORDING_ANSWERS,
        widget=forms.RadioSelect,
        error_messages={"required": NO_RECORDING_ANSWER, "invalid_choice": NO_RECORDING_ANSWER},
    )
    recording_version = forms.CharField(max_length=64, widget=forms.HiddenInput)
    asked_for = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, asks_video: bool, asks_recording: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_recording = ("recording", "recording_version", "asked_for")
        for asked, names in ((asks_video, ("agree", "version")), (asks_recording, of_recording)):
            for name in () if asked else names:
                del self.fields[name]

    @property
    def about_recording(self) -> dict[str, str]:
        """The answer about a recording, for the service that keeps it."""
        said = self.cleaned_data
        version, asked_for = said["recording_version"], said["asked_for"]
        return {"decision": said["recording"], "text_version": version, "asked_for": asked_for}


class PlaceForm(forms.Form):
    """Where they are, how to reach them, whom to call. The region is asked where an address alone would not say it."""

    place = forms.CharField(
        label=_("Where are you now?"),
        max_length=200,
        error_messages={"required": NO_PLACE, "max_length": _("Say it in up to 200 letters.")},
        widget=forms.TextInput(attrs={"autocomplete": "street-address", "data-required": NO_PLACE}),
    )
    callback_phone = forms.CharField(
        label=_("Which number can we call?"),
        max_length=40,
        error_messages={"required": NO_PHONE, "max_length": _("Give one number only.")},
        widget=forms.TelInput(attrs={"autocomplete": "tel", "data-required": NO_PHONE}),
    )
    region = RegionField(label=_("In which country is that?"), empty=_("Choose the country"), required=False)
    emergency_name = forms.CharField(
        label=_("Who is it?"),
        max_length=80,
        required=False,
        error_messages={"max_length": _("Say the name in up to 80 letters.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    emergency_phone = forms.CharField(
        label=_("Their phone number"),
        max_length=40,
        required=False,
        error_messages={"max_length": _("Give one number only.")},
        widget=forms.TelInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, divided: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["region"]
        field.offer(divided, str(self.initial.get("region", "")))
        if divided:
            field.label = _("In which country or state is that?")

    @property
    def has_contact(self) -> bool:
        """Whether somebody to call is named already, or something about them is wrong."""
        names = ("emergency_name", "emergency_phone")
        return any(self[name].value() or self[name].errors for name in names)


def field_errors(form: forms.Form) -> dict[str, str]:
    """One sentence per field, for the error summary that the page's script draws."""
    return {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
