"""The recordings app: hears of answers, visits and relays, and tells relays and pages how recordings stand."""

from django.apps import AppConfig


class RecordingsConfig(AppConfig):
    name = "recordings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import ports as consent
        from consults import ports as consults
        from recordings import services
        from recordings.selectors import document, snapshot

        consent.on_answered(services.consent_answered)
        consults.on_room_document(document.add_to_document, document.document_prefetches)
        consults.on_relay_event("recorded", services.hear_relay)
        consults.on_visit_snapshot(snapshot.snapshot_part, snapshot.read_for_snapshots)
        consults.on_visit_over(services.end_with_visit)
        consults.on_passed_on(services.end_with_visit)
        consults.on_acted(snapshot.has_recordings)
        consults.on_kept(snapshot.was_recorded)
        consults.on_seats_changed(services.seats_changed)
        consults.on_watch(services.watch_recordings)
