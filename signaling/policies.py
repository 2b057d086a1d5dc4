"""Policy rows of signaling: who may send what on which socket. The actions are named in messages.py."""

from accounts.policy import Policy, Relation, declare
from accounts.roles import STAFF, Role
from signaling.messages import CHAT, LEAVE, MEDIA, QUEUE, WATCH

IN_THE_VISIT = frozenset({Role.PATIENT, Role.PRACTITIONER})

declare(
    # A visit that is over is still told to those it belonged to, before the socket is closed.
    Policy(WATCH, IN_THE_VISIT, {Relation.OWN, Relation.ENDED}),
    Policy(MEDIA, IN_THE_VISIT, {Relation.OWN}),
    Policy(CHAT, IN_THE_VISIT, {Relation.OWN}),
    Policy(LEAVE, IN_THE_VISIT, {Relation.OWN, Relation.ENDED}),
    # Which staff see which queue is consults' own row; it is asked for the queue itself.
    Policy(QUEUE, STAFF),
)
