"""The roles, one list for the whole house."""

from enum import StrEnum


class Role(StrEnum):
    PATIENT = "patient"
    RELATED_PERSON = "related-person"
    GUEST = "guest"
    INTERPRETER = "interpreter"
    PRACTITIONER = "practitioner"
    FRONT_DESK = "front-desk"
    SCHEDULER = "scheduler"
    ADMINISTRATOR = "administrator"
    PRIVACY_OFFICER = "privacy-officer"

    @property
    def label(self) -> str:
        return self.value.replace("-", " ").capitalize()


STAFF: frozenset[Role] = frozenset(
    {Role.PRACTITIONER, Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR, Role.PRIVACY_OFFICER}
)
