"""The scheduling app: declares its guards and policies and teaches accounts to read personal links."""

from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.actors import register_path_actor
        from accounts.ports import on_related_gone
        from consent.ports import on_right_ended
        from notifications.ports import tells_subjects, tells_visit_types
        from scheduling import guards, links, policies, ports, visitors, waitlinks  # noqa: F401  some declare
        from scheduling.messages import kinds, planning
        from scheduling.selectors import told
        from scheduling.services import guests, waitlist

        register_path_actor(links.PATH_PREFIX, links.actor_for_cookie)
        register_path_actor(visitors.PATH_PREFIX, visitors.visitor_for_cookie)
        register_path_actor(visitors.WALK_IN_PREFIX, visitors.visitor_for_cookie)
        register_path_actor(waitlinks.PATH_PREFIX, waitlinks.actor_for_cookie)
        on_related_gone(guests.related_gone)
        on_right_ended(guests.right_ended)
        ports.on_time_freed(waitlist.offer_freed_time)
        kinds.register_kinds()
        ports.on_booked(planning.booked)
        ports.on_patient_joined(planning.joined)
        ports.on_confirmed(planning.confirmed)
        ports.on_moved(planning.moved)
        ports.on_cancelled(planning.cancelled)
        ports.on_patient_left(planning.left)
        ports.on_status_changed(planning.restated)
        ports.on_handed_over(planning.handed_over)
        tells_subjects(told.subjects)
        tells_visit_types(told.visit_type_names)
