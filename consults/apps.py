"""The consults app: hears from scheduling of appointments and links, and tells it how visits stand."""

from django.apps import AppConfig


class ConsultsConfig(AppConfig):
    name = "consults"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.ports import on_access_changed
        from consults import codes, hints, messages, uptime
        from consults import ports as own_ports
        from consults.selectors import device_checks, states_of, version_of
        from consults.selectors.walkin import open_doors
        from consults.services import following, seats, visits
        from scheduling import ports

        messages.register_kinds()
        codes.register_kind()
        own_ports.on_watch(uptime.note_up)
        on_access_changed(following.access_changed)
        ports.on_booked(visits.plan_visit)
        ports.on_cancelled(visits.cancel_visit)
        ports.on_locked(following.lock_visits)
        ports.on_moved(following.move_visit)
        ports.on_status_changed(following.restate_visit)
        ports.on_patient_changed(following.change_patient)
        ports.on_joined(following.joined)
        ports.on_patient_left(following.patient_left)
        ports.on_presence(following.was_there)
        ports.on_open_doors(open_doors)
        ports.on_performs(following.performs)
        ports.on_link_closed(seats.close_seat_of_link)
        ports.on_states(states_of)
        ports.on_version(version_of)
        ports.on_device_checks(device_checks)
        ports.on_appointment_changed(hints.appointment_changed)
