"""Policy rows of signaling: who may send what on which socket. The actions are named in messages.py."""

from accounts.policy import Policy, Relation, declare
from accounts.roles import STAFF, Role
from consults.policies import DESK
from signaling.messages import CALENDAR, CHAT, CLINIC, FIGURES, LEAVE, MEDIA, QUEUE, SHARE, TRY, WATCH

IN_THE_VISIT = frozenset({Role.PATIENT, Role.PRACTITIONER, Role.GUEST})

declare(
    # A visit that is over is still told to those it belonged to, before the socket is closed.
    Policy(WATCH, IN_THE_VISIT, {Relation.OWN, Relation.ENDED}),
    Policy(MEDIA, IN_THE_VISIT, {Relation.OWN}),
    # Trying the line is for who comes by a link: staff find out in the room.
    Policy(TRY, {Role.PATIENT, Role.GUEST}, {Relation.OWN}),
    Policy(SHARE, IN_THE_VISIT, {Relation.OWN, Relation.ENDED}),
    # How good everybody's line is, is for whoever can act on it.
    Policy(FIGURES, {Role.PRACTITIONER}, {Relation.OWN}),
    Policy(CHAT, IN_THE_VISIT, {Relation.OWN}),
    Policy(LEAVE, IN_THE_VISIT, {Relation.OWN, Relation.ENDED}),
    # Which staff see which queue is consults' own row; it is asked for the queue itself.
    Policy(QUEUE, STAFF),
    # All lines of the clinic at once, as consults' own row has it.
    Policy(CLINIC, DESK),
    # Who sees whose visits is scheduling's own row; what is sent here are ids, and the pages ask for the rest.
    Policy(CALENDAR, STAFF),
)
