"""Staff pages of hours: everybody's week, one practitioner's, its stretches, days and limits."""

import uuid as uuids
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.policy import guarded, may_ever
from accounts.who import who
from core.clock import today
from scheduling import spoken
from scheduling.forms.schedules import DaysForm, HoursForm, LimitsForm, time_of
from scheduling.selectors import schedules as selectors
from scheduling.selectors.schedules import DaysGroup, HoursGroup, Week
from scheduling.services import availability as services
from scheduling.services.availability import Limits
from scheduling.views.changing import NAV, change

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
@guarded("scheduling.schedule.list")
def schedules(request: HttpRequest) -> HttpResponse:
    actor, _ = who(request)
    rows = [
        (week, [hours_said(one) for one in week.hours if one.first.kind == "open"]) for week in selectors.weeks(actor)
    ]
    context = {
        "rows": rows,
        "may_clinic": may_ever(actor, "scheduling.clinic.view"),
        "may_rooms": may_ever(actor, "scheduling.room.list"),
    }
    return render(request, "schedule/schedules.html", NAV | context)


@require_safe
@guarded("scheduling.schedule.view")
def schedule(request: HttpRequest, practitioner: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    week = selectors.get_week(actor, practitioner)
    context = {
        "week": week,
        "zone": week.schedule.timezone if week.schedule else clinic.timezone,
        "hours": [(one, hours_said(one)) for one in week.hours],
        "days": [(one, *days_said(one)) for one in selectors.days_of(actor, week)],
        "outside": selectors.outside_hours(actor, week),
        "limits": limits_said(week),
        "is_own": week.practitioner.pk == actor.practitioner_id,
    }
    return render(request, "schedule/schedule.html", NAV | context)


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def hours_new(request: HttpRequest, practitioner: uuids.UUID) -> HttpResponse:
    return _hours(request, practitioner, None)


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def hours_change(request: HttpRequest, practitioner: uuids.UUID, hours: uuids.UUID) -> HttpResponse:
    return _hours(request, practitioner, hours)


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def hours_remove(request: HttpRequest, practitioner: uuids.UUID, hours: uuids.UUID) -> HttpResponse:
    actor, _ = who(request)
    week = selectors.get_week(actor, practitioner, "scheduling.schedule.change")
    group = selectors.get_hours(week, hours)
    page = {"week": week, "group": group, "said": hours_said(group)}
    return change(
        request,
        form=_nothing(request),
        save=lambda accepted: services.remove_hours(
            actor=actor, practitioner=week.practitioner, group=group.uuid, accepted=accepted
        ),
        show=lambda status: render(request, "schedule/hours_remove.html", NAV | page, status=status),
        done=gettext("These hours are removed."),
        go=reverse("schedule", args=[practitioner]),
    )


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def limits(request: HttpRequest, practitioner: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    week = selectors.get_week(actor, practitioner, "scheduling.schedule.change")
    standing = vars(Limits(timezone=clinic.timezone))
    if week.schedule is not None:
        standing = {name: getattr(week.schedule, name) for name in standing}
    form = LimitsForm(request.POST if request.method == "POST" else None, initial=standing)
    page = {"week": week, "form": form}
    return change(
        request,
        form=form,
        save=lambda accepted: services.set_limits(
            actor=actor, practitioner=week.practitioner, limits=form.limits(), accepted=accepted
        ),
        show=lambda status: render(request, "schedule/limits.html", NAV | page, status=status),
        done=gettext("The limits are saved."),
        go=reverse("schedule", args=[practitioner]),
    )


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def days_new(request: HttpRequest, practitioner: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    week = selectors.get_week(actor, practitioner, "scheduling.schedule.change")
    zone = week.schedule.timezone if week.schedule else clinic.timezone
    form = DaysForm(request.POST if request.method == "POST" else None, initial={"first_day": today(zone)})
    go = reverse("schedule", args=[practitioner])
    page = {"form": form, "zone": zone, "whose": week.practitioner.display_name, "go": go}
    return change(
        request,
        form=form,
        save=lambda accepted: services.add_days(
            actor=actor,
            organization=clinic,
            practitioner=week.practitioner,
            days=form.days(),
            accepted=accepted,
        ),
        show=lambda status: render(request, "schedule/days_new.html", NAV | page, status=status),
        done=gettext("These days are saved."),
        go=go,
    )


@require_http_methods(GET_POST)
@guarded("scheduling.schedule.change")
def days_remove(request: HttpRequest, days: uuids.UUID) -> HttpResponse:
    actor, clinic = who(request)
    group, practitioner = selectors.get_days(actor, days)
    go = reverse("clinic-days") if practitioner is None else reverse("schedule", args=[practitioner.uuid])
    page = {"group": group, "said": days_said(group), "whose": practitioner or clinic.name, "go": go}
    return change(
        request,
        form=_nothing(request),
        save=lambda accepted: services.remove_days(
            actor=actor, organization=clinic, practitioner=practitioner, group=days, accepted=accepted
        ),
        show=lambda status: render(request, "schedule/days_remove.html", NAV | page, status=status),
        done=gettext("These days are as every week again."),
        go=go,
    )


def _hours(request: HttpRequest, practitioner: uuids.UUID, hours: uuids.UUID | None) -> HttpResponse:
    actor, clinic = who(request)
    week = selectors.get_week(actor, practitioner, "scheduling.schedule.change")
    group = selectors.get_hours(week, hours) if hours else None
    zone = week.schedule.timezone if week.schedule else clinic.timezone
    form = HoursForm(
        request.POST if request.method == "POST" else None,
        initial=_typed(group) if group else {"first_day": today(zone)},
    )
    page = {"week": week, "group": group, "form": form, "zone": zone}
    return change(
        request,
        form=form,
        save=lambda accepted: services.set_hours(
            actor=actor, practitioner=week.practitioner, hours=form.hours(), group=hours, accepted=accepted
        ),
        show=lambda status: render(request, "schedule/hours.html", NAV | page, status=status),
        done=gettext("The hours are saved."),
        go=reverse("schedule", args=[practitioner]),
    )


def _typed(group: HoursGroup) -> dict[str, Any]:
    """The stretch as it stands in the form."""
    rule = group.first
    return {
        "kind": rule.kind,
        "weekdays": list(group.weekdays),
        "starts": time_of(rule.starts),
        "ends": time_of(rule.ends),
        "label": rule.label,
        "every_weeks": rule.every_weeks,
        "first_day": rule.first_day,
        "last_day": rule.last_day,
    }


def hours_said(group: HoursGroup) -> dict[str, str]:
    rule = group.first
    present = today(rule.schedule.timezone)
    return {
        "days": spoken.weekdays(group.weekdays),
        "time": spoken.stretch(rule.starts, rule.ends),
        "more": spoken.when_it_holds(rule.every_weeks, rule.first_day, rule.last_day, present),
    }


def days_said(group: DaysGroup) -> tuple[str, str]:
    """Which days, and what is then."""
    row = group.first
    when = "" if row.kind == "usual" else f", {spoken.stretch(row.starts, row.ends)}"
    name = f": {row.label}" if row.label else ""
    return spoken.days(row.day, group.last_day), f"{row.get_kind_display()}{when}{name}"


def limits_said(week: Week) -> list[tuple[str, str]]:
    """Each limit's name and value, in the words of its form."""
    if week.schedule is None:
        return []
    form = LimitsForm(initial={name: getattr(week.schedule, name) for name in Limits.__dataclass_fields__})
    said = []
    for name, field in form.fields.items():
        value = form.initial[name]
        named = dict(getattr(field, "choices", ())).get(value, value)
        if isinstance(value, bool):
            named = gettext("yes") if value else gettext("no")
        said.append((str(field.label), gettext("no maximum") if named is None else str(named)))
    return said


def _nothing(request: HttpRequest) -> forms.Form:
    """A page that asks for a press and nothing else."""
    return forms.Form(request.POST)
