"""The forms of the visit page. What may be typed where is the services' rule; here it is only read and explained."""

from django import forms

NO_CONSENT = "Tick the box to agree to a video visit, or call the desk."
SHORT_CONSENT = (
    "A video visit is private like a visit in our rooms. {doctor} cannot examine you by hand "
    "and may ask you to come in. You can stop at any time."
)
NO_PLACE = "Tell us where you are now."
NO_PHONE = "Give a number that we can call."


class ConsentForm(forms.Form):
    agree = forms.BooleanField(error_messages={"required": NO_CONSENT})
    version = forms.CharField(max_length=32, widget=forms.HiddenInput)


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
