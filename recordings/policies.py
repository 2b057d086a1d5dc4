"""Who may do what with recordings: the people of the visit, each for themself, and the practitioner who records."""

from accounts.policy import Policy, Relation, declare
from accounts.roles import Role

PATIENT = frozenset({Role.PATIENT})
PRACTITIONER = frozenset({Role.PRACTITIONER})

OWN = frozenset({Relation.OWN})
OWN_OR_ENDED = frozenset({Relation.OWN, Relation.ENDED})

declare(
    Policy("recordings.start", PRACTITIONER, OWN),
    # Stopping what the visit's end has stopped is no error.
    Policy("recordings.stop", PRACTITIONER, OWN_OR_ENDED),
    # A no counts after the visit, too.
    Policy("recordings.consent", PATIENT | PRACTITIONER, OWN_OR_ENDED),
)
