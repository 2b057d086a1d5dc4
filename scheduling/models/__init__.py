"""Rows of scheduling: availability, appointments and their spans, the wait list, calendars outside, files."""

from scheduling.models.appointments import Appointment, BookableActor, Interpreter, OccupiedSpan, PersonalLink, Series
from scheduling.models.availability import (
    AT_THE_CLINIC,
    BookingTerms,
    DatedException,
    Modality,
    Schedule,
    VisitType,
    WeeklyRule,
)
from scheduling.models.calendars import BusyCalendar, BusyTime, CalendarFeed
from scheduling.models.files import FileIn
from scheduling.models.groups import GroupPlace
from scheduling.models.guests import MOST_PEOPLE, Guest, role_of
from scheduling.models.merging import PatientMerge
from scheduling.models.waiting import WaitListEntry, WaitListOffer

__all__ = [
    "AT_THE_CLINIC",
    "MOST_PEOPLE",
    "Appointment",
    "BookableActor",
    "BookingTerms",
    "BusyCalendar",
    "BusyTime",
    "CalendarFeed",
    "DatedException",
    "FileIn",
    "GroupPlace",
    "Guest",
    "Interpreter",
    "Modality",
    "OccupiedSpan",
    "PatientMerge",
    "PersonalLink",
    "Schedule",
    "Series",
    "VisitType",
    "WaitListEntry",
    "WaitListOffer",
    "WeeklyRule",
    "role_of",
]
