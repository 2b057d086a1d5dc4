"""Forms of rooms and interpreters: they turn typed words into types; what may be, the services say."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Location
from scheduling.forms.words import later
from scheduling.languages import UnknownLanguage, tags_in
from scheduling.models import Interpreter

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Where it is told that a room's or an interpreter's time is taken, by `whose` it was.
FIELD_OF = {"location": "room", "interpreter": "interpreter"}


def _name(like: "StrOrPromise") -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=200,
        error_messages={
            "required": later(lambda: gettext("Enter a name, like “%(like)s”") % {"like": like}),
            "max_length": _("Say it in 200 letters or fewer"),
        },
    )


class RoomChoice(forms.ModelChoiceField):
    """Rooms by their names."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class InterpreterChoice(forms.ModelChoiceField):
    """Who interprets, with their languages: the language is what one looks for."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.spoken}: {obj.name}"


def room_choice() -> RoomChoice:
    """For the forms that book and move; which rooms there are, the form is told."""
    return RoomChoice(
        queryset=Location.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("No room"),
        label=_("Room"),
        error_messages={"invalid_choice": _("Choose a room from the list")},
    )


def interpreter_choice() -> InterpreterChoice:
    return InterpreterChoice(
        queryset=Interpreter.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("No interpreter"),
        label=_("Interpreter"),
        error_messages={"invalid_choice": _("Choose an interpreter from the list")},
    )


class RoomForm(forms.Form):
    """A room whose time visits take."""

    name = _name(_("Room 2"))
    is_active = forms.BooleanField(label=_("It can be booked"), required=False)


class InterpreterForm(forms.Form):
    """Somebody who interprets in visits."""

    name = _name("Paloma Reyes")
    languages = forms.CharField(
        label=_("Languages"),
        max_length=500,
        error_messages={
            "required": _("Enter at least one language, like Spanish"),
            "max_length": _("These are too many"),
        },
    )
    is_active = forms.BooleanField(label=_("They can be booked"), required=False)

    def clean_languages(self) -> list[str]:
        """The tags of what was named."""
        try:
            found = tags_in(self.cleaned_data["languages"])
        except UnknownLanguage as unknown:
            unclear = gettext("We do not know “%(typed)s”.") % {"typed": unknown.typed[:40]}
            meant = gettext("Enter languages by name, like Spanish, Arabic")
            if unknown.near:
                meant = gettext("Did you mean %(language)s?") % {"language": unknown.near}
            raise forms.ValidationError(" ".join((unclear, meant))) from unknown
        if not found:
            raise forms.ValidationError(_("Enter at least one language, like Spanish"))
        return found
