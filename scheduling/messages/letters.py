"""The words about a visit, in the person's language and zone: what templates/messages/visit puts into sentences.

No name of a patient, no reason, no type of visit and no specialty is among them: mail lies on other people's servers.
"""

import copy
import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from accounts.models import Patient
from core.clock import now
from notifications import spoken
from notifications.kinds import EMAIL, File, Letter
from notifications.languages import language_for
from notifications.models import Message
from scheduling import invites
from scheduling.lifecycle import AppointmentStatus
from scheduling.links import address_of, path_of
from scheduling.messages.visits import Visit
from scheduling.models import Appointment, GroupPlace, Modality
from scheduling.models.availability import VIDEO
from scheduling.selectors.groups import visits_with
from scheduling.selectors.offering import zone_of

# So near a visit nothing about it waits for the morning.
NEAR = dt.timedelta(hours=12)
LISTED = 12
TO_COME = (AppointmentStatus.PENDING, AppointmentStatus.BOOKED)

HOW = {
    Modality.VIDEO_HOME: gettext_noop("Video visit from home"),
    Modality.VIDEO_CLINIC: gettext_noop("Video visit from a clinic room"),
    Modality.PHONE: gettext_noop("Phone call"),
    Modality.IN_PERSON: gettext_noop("Visit at the clinic"),
}

# Whether to stay at home or to come to the clinic: nobody should have to guess it.
WHERE = {
    Modality.VIDEO_HOME: gettext_noop("You can stay at home: the visit takes place by video."),
    Modality.VIDEO_CLINIC: gettext_noop("Please come to the clinic: a room with video is ready for you there."),
    Modality.PHONE: gettext_noop("You can stay at home: we call you. Please keep your phone near you."),
    Modality.IN_PERSON: gettext_noop("Please come to the clinic."),
}


def visit_letter(message: Message, visit: Visit, *, with_file: bool) -> Letter:
    """How the visit is now, and what to do about it."""
    patient, appointment = message.patient, visit.appointment
    with translation.override(language_for(patient, message.organization)):
        words = {
            **time_words(
                appointment.starts_at, patient.timezone, zone_of(appointment.practitioner, message.organization)
            ),
            **how_words(appointment.modality),
            "practitioner": appointment.practitioner.display_name,
            "is_pending": visit.status == AppointmentStatus.PENDING,
            "late_minutes": appointment.late_minutes,
            "former": _former(appointment, patient.timezone),
            **_rest_of_series(appointment, patient),
            "link": "" if visit.link.revoked_at is not None else address_of(visit.link),
        }
        # Only a mail carries files, and to make one is half of the work.
        files = (_invitation(visit),) if with_file and message.channel == EMAIL else ()
    return Letter(words, files, urgent=_is_near(appointment))


def how_words(modality: str) -> dict[str, Any]:
    """How people meet: the first words of everything that tells of a visit."""
    how, where = HOW[Modality(modality)], WHERE[Modality(modality)]
    return {"how": gettext(how), "where": gettext(where), "is_video": modality in VIDEO}


def time_words(at: dt.datetime, zone: str, theirs: str) -> dict[str, str]:
    """The instant where the person is and, where clocks show another time there, at the clinic too."""
    return {
        "day": spoken.day(at, zone),
        "short_day": spoken.short_day(at, zone),
        "time": spoken.clock(at, zone),
        "zone": spoken.zone_words(at, zone),
        "elsewhere": spoken.elsewhere(at, zone, theirs),
        "short_zone": spoken.city_words(zone),
        "short_elsewhere": spoken.short_elsewhere(at, zone, theirs),
    }


def _former(appointment: Appointment, zone: str) -> str:
    return spoken.whole(appointment.moved_from, zone) if appointment.moved_from is not None else ""


def _rest_of_series(appointment: Appointment, patient: Patient) -> dict[str, Any]:
    """The other visits of its series that are ahead: those to which this person comes, and those that are no more."""
    if appointment.series_id is None:
        return {"others": [], "gone": [], "gone_number": 0}
    known_as = [one for one in (patient, patient.merged_into) if one is not None]
    places = GroupPlace.objects.filter(patient__in=known_as)
    ahead = Appointment.objects.filter(series=appointment.series_id, starts_at__gt=now()).exclude(pk=appointment.pk)
    theirs = ahead.filter(Q(patient__in=known_as, capacity=1) | Q(pk__in=places.values("appointment")))
    comes = ahead.filter(visits_with(known_as[-1]) | visits_with(patient), status__in=TO_COME)
    still = set(comes.values_list("pk", flat=True))
    others, gone = [], []
    for pk, at, status in theirs.order_by("starts_at").values_list("pk", "starts_at", "status"):
        if pk in still:
            others.append(spoken.whole(at, patient.timezone))
        elif status == AppointmentStatus.CANCELLED or status in TO_COME:
            gone.append(spoken.whole(at, patient.timezone))
    return {"others": others[:LISTED], "gone": gone[:LISTED], "gone_number": len(gone)}


def _invitation(visit: Visit) -> File:
    """The visit for the person's own calendar. Without the link's secret: others may look into calendars."""
    appointment = copy.copy(visit.appointment)
    if not visit.comes:
        # Of a group: it goes on, but not for them.
        appointment.status = AppointmentStatus.CANCELLED
    names = {"how": gettext(HOW[Modality(appointment.modality)]), "who": appointment.practitioner.short_name}
    summary = gettext("%(how)s with %(who)s") % names
    method = "CANCEL" if appointment.status == AppointmentStatus.CANCELLED else "REQUEST"
    content = invites.invitation(appointment, summary=summary, address=path_of(visit.link))
    return File("visit.ics", content, f"{invites.CONTENT_TYPE}; method={method}")


def _is_near(appointment: Appointment) -> bool:
    times = (appointment.starts_at, appointment.moved_from or appointment.starts_at)
    return any(now() - NEAR < at < now() + NEAR for at in times)
