"""Addresses of recordings: the record buttons of a visit; playing, exporting and erasing, by staff and by link."""

from django.urls import path

from recordings.views import erasing, exports, keeping, life, play

ONE = "staff/recordings/<uuid:recording>/"
LINKED = "v/<uuid:link>/recordings/<uuid:recording>/"

urlpatterns = [
    path("staff/visits/<uuid:visit>/recording/start/", life.start, name="recording-start"),
    path("staff/visits/<uuid:visit>/recording/stop/", life.stop, name="recording-stop"),
    path("staff/visits/<uuid:visit>/recording/consent/", life.staff_consent, name="recording-staff-consent"),
    path("v/<uuid:link>/recording/consent/", life.consent, name="recording-consent"),
    path("staff/recordings/", play.listing, name="recordings"),
    path("staff/recordings/retention/", keeping.retention, name="recordings-retention"),
    path("staff/recordings/retention/rule/", keeping.rule, name="recordings-rule"),
    path(ONE, play.player, name="recording"),
    path(f"{ONE}timeline/", play.timeline, name="recording-timeline"),
    path(f"{ONE}media/<uuid:file>/", play.media, name="recording-media"),
    path(f"{ONE}export/", exports.export, name="recording-export"),
    path(f"{ONE}export/<uuid:export>/", exports.status, name="recording-export-status"),
    path(f"{ONE}export/<uuid:export>/cancel/", exports.cancel, name="recording-export-cancel"),
    path(f"{ONE}export/<uuid:export>/file/", exports.download, name="recording-export-file"),
    path(f"{ONE}erase-mine/", erasing.erase_mine, name="recording-erase-mine"),
    path(f"{ONE}hold/", keeping.hold, name="recording-hold"),
    path(f"{ONE}erase/", keeping.erase, name="recording-erase"),
    path(LINKED, play.player, name="visit-recording"),
    path(f"{LINKED}timeline/", play.timeline, name="visit-recording-timeline"),
    path(f"{LINKED}media/<uuid:file>/", play.media, name="visit-recording-media"),
    path(f"{LINKED}export/", exports.export, name="visit-recording-export"),
    path(f"{LINKED}export/<uuid:export>/", exports.status, name="visit-recording-export-status"),
    path(f"{LINKED}export/<uuid:export>/cancel/", exports.cancel, name="visit-recording-export-cancel"),
    path(f"{LINKED}export/<uuid:export>/file/", exports.download, name="visit-recording-export-file"),
    path(f"{LINKED}erase-mine/", erasing.erase_mine, name="visit-recording-erase-mine"),
]
