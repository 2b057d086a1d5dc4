"""The administrators' forms: what goes out and when, and the clinic's own words."""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from notifications.kinds import Group, Kind, all_kinds
from notifications.languages import LANGUAGES
from notifications.selectors.plans import Planned, Rules
from notifications.services.arranging import LONGEST_WORDS, MOST_MESSAGES

HOUR, DAY = 60, 24 * 60
BEFORE = (15, 30, HOUR, 2 * HOUR, 4 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY)
CHOOSE_TIME = {"invalid_choice": _("Choose a time from the list"), "required": _("Choose a time from the list")}


def said(minutes: int) -> str:
    """ "15 minutes", "1 hour", "2 days"."""
    if minutes % DAY == 0:
        count = minutes // DAY
        words = ngettext("%(count)s day", "%(count)s days", count)
    elif minutes % HOUR == 0:
        count = minutes // HOUR
        words = ngettext("%(count)s hour", "%(count)s hours", count)
    else:
        count = minutes
        words = ngettext("%(count)s minute", "%(count)s minutes", count)
    return words % {"count": count}


def said_before(minutes: int) -> str:
    """ "15 minutes before"."""
    return gettext("%(time)s before") % {"time": said(minutes)}


def key(kind: Kind) -> str:
    """The kind's name as a part of a field's name."""
    return kind.name.replace(".", "-")


class _Kinds(forms.Form):
    """One line for each kind: whether it goes out, and of reminders when."""

    def __init__(self, *args: Any, planned: Mapping[str, Planned], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in all_kinds():
            self._add(kind, planned[kind.name])

    def _add(self, kind: Kind, planned: Planned) -> None:
        raise NotImplementedError

    def _add_before(self, kind: Kind, planned: Planned) -> None:
        usual = planned.minutes_before
        if kind.minutes_before is None or usual is None:
            return
        choices = [(each, said_before(each)) for each in sorted({*BEFORE, usual})]
        self.fields[f"before-{key(kind)}"] = forms.TypedChoiceField(
            label=gettext("When: %(message)s") % {"message": kind.label},
            choices=choices,
            coerce=int,
            initial=usual,
            error_messages=CHOOSE_TIME,
        )

    def _before(self, kind: Kind) -> int | None:
        return self.cleaned_data.get(f"before-{key(kind)}")

    def groups(self) -> Iterator[tuple[Group, list[tuple[Kind, BoundField | None, BoundField | None]]]]:
        """What the page draws: by group each kind with its two fields, where it has them."""
        for group in Group:
            kinds = [kind for kind in all_kinds() if kind.group == group]
            if kinds:
                yield group, [(kind, self._of(f"on-{key(kind)}"), self._of(f"before-{key(kind)}")) for kind in kinds]

    def _of(self, name: str) -> BoundField | None:
        return self[name] if name in self.fields else None


class PlanForm(_Kinds):
    """What holds for all visits, and for all messages of the clinic."""

    quiet_from = forms.TimeField(
        label=_("Quiet from"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Enter a time of day, like 21:00"),
            "invalid": _("Enter a time of day, like 21:00"),
        },
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Enter a time of day, like 8:00"),
            "invalid": _("Enter a time of day, like 8:00"),
        },
    )
    most = forms.IntegerField(
        label=_("Most messages to one person in a day"),
        min_value=1,
        max_value=MOST_MESSAGES,
        error_messages={
            "required": _("Enter a number, like 20"),
            "invalid": _("Enter a number, like 20"),
            "min_value": _("Enter 1 or more"),
            "max_value": _("Enter %(limit_value)s or fewer"),
        },
    )

    def __init__(self, *args: Any, planned: Mapping[str, Planned], rules: Rules, **kwargs: Any) -> None:
        first = {
            "quiet_from": _time(rules.quiet_from),
            "quiet_until": _time(rules.quiet_until),
            "most": rules.most,
        }
        super().__init__(*args, planned=planned, initial=first, **kwargs)

    def _add(self, kind: Kind, planned: Planned) -> None:
        if kind.can_be_off:
            self.fields[f"on-{key(kind)}"] = forms.BooleanField(label=kind.label, required=False, initial=planned.is_on)
        self._add_before(kind, planned)

    def plan(self) -> dict[str, Planned]:
        return {
            kind.name: Planned(self.cleaned_data.get(f"on-{key(kind)}", True), self._before(kind))
            for kind in all_kinds()
        }

    def rules(self) -> Rules:
        found = self.cleaned_data
        return Rules(_minute(found["quiet_from"]), _minute(found["quiet_until"]), found["most"])


class TypePlanForm(_Kinds):
    """What differs for one type of visit."""

    def __init__(
        self,
        *args: Any,
        planned: Mapping[str, Planned],
        general: Mapping[str, Planned],
        own: frozenset[str],
        **kwargs: Any,
    ) -> None:
        self._general, self._own = general, own
        super().__init__(*args, planned=planned, **kwargs)

    def _add(self, kind: Kind, planned: Planned) -> None:
        general = self._general[kind.name]
        as_all = gettext("As for all visits (%(how)s)") % {"how": _as_said(general)}
        off = [("off", pgettext("such messages", "Not sent"))] if kind.can_be_off else []
        choices = [("", as_all), ("on", pgettext("such messages", "Sent")), *off]
        is_own = kind.name in self._own
        # What cannot be off and has no time of its own is the same for all.
        if not kind.can_be_off and kind.minutes_before is None:
            return
        self.fields[f"on-{key(kind)}"] = forms.ChoiceField(
            label=kind.label,
            choices=choices,
            required=False,
            initial=("on" if planned.is_on else "off") if is_own else "",
            error_messages={"invalid_choice": _("Choose one from the list")},
        )
        self._add_before(kind, planned)

    def plan(self) -> dict[str, Planned | None]:
        return {
            kind.name: Planned(how == "on", self._before(kind)) if how else None
            for kind in all_kinds()
            if (how := self.cleaned_data.get(f"on-{key(kind)}")) is not None
        }


class ShownForm(forms.Form):
    """Which text is looked at. What does not fit together is put right: a kind has not every channel."""

    kind = forms.ChoiceField(label=_("Message"))
    channel = forms.ChoiceField(label=_("Sent as"))
    language = forms.ChoiceField(label=_("Language"), choices=list(LANGUAGES.items()))

    def __init__(self, *args: Any, channels: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labelled = [(kind.name, kind.label) for kind in all_kinds()]
        self.fields["kind"].choices = labelled  # type: ignore[attr-defined]
        self.fields["channel"].choices = channels  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """A paragraph of the clinic's own."""

    words = forms.CharField(
        label=_("A paragraph of your own"),
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 4}),
        error_messages={"max_length": _("Say it in %(limit_value)s letters or fewer")},
    )


def _as_said(planned: Planned) -> str:
    if not planned.is_on:
        return pgettext("such messages", "not sent")
    before = planned.minutes_before
    return said_before(before) if before is not None else pgettext("such messages", "sent")


def _time(minute: int) -> dt.time:
    return dt.time(minute // 60, minute % 60)


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute
