"""The consults app: hears from scheduling of appointments and links, and tells it how visits stand."""

from django.apps import AppConfig


class ConsultsConfig(AppConfig):
    name = "consults"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consults import hints, messages
        from consults.selectors import states_of, version_of
        from consults.services import following, seats, visits
        from scheduling import ports

        messages.register_kinds()
        ports.on_booked(visits.plan_visit)
        ports.on_cancelled(visits.cancel_visit)
        ports.on_moved(following.move_visit)
        ports.on_status_changed(following.restate_visit)
        ports.on_patient_changed(following.change_patient)
        ports.on_joined(following.joined)
        ports.on_patient_left(following.patient_left)
        ports.on_presence(following.was_there)
        ports.on_link_closed(seats.close_seat_of_link)
        ports.on_states(states_of)
        ports.on_version(version_of)
        ports.on_appointment_changed(hints.appointment_changed)
