"""The consults app: hears from scheduling when an appointment is made or cancelled and when a link is closed."""

from django.apps import AppConfig


class ConsultsConfig(AppConfig):
    name = "consults"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consults.services import seats, visits
        from scheduling import ports

        ports.on_booked(visits.plan_visit)
        ports.on_cancelled(visits.cancel_visit)
        ports.on_link_closed(seats.close_seat_of_link)
