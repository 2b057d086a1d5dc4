"""Policy rows of accounts."""

from accounts.policy import PUBLIC, Policy, Relation, declare
from accounts.roles import STAFF, Role

DESK = frozenset({Role.FRONT_DESK, Role.SCHEDULER, Role.ADMINISTRATOR})

declare(
    Policy("accounts.home.view", PUBLIC),
    Policy("accounts.visit_today.view", PUBLIC),
    Policy("accounts.organization.create", ()),
    Policy("accounts.user.create", {Role.ADMINISTRATOR}),
    Policy("accounts.user.disable", {Role.ADMINISTRATOR}, {Relation.SAME_CLINIC}),
    Policy("accounts.role.assign", {Role.ADMINISTRATOR}, {Relation.SAME_CLINIC}),
    Policy("accounts.role.withdraw", {Role.ADMINISTRATOR}, {Relation.SAME_CLINIC}),
    Policy("accounts.patient.register", DESK | {Role.PRACTITIONER}),
    Policy("accounts.patient.register_oneself", PUBLIC),
    Policy("accounts.patient.list", DESK | {Role.PRACTITIONER}),
    Policy("accounts.patient.view", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("accounts.patient.view", {Role.PATIENT}, {Relation.OWN}),
    # Email address and phone number, as the desk puts them right.
    Policy("accounts.patient.contact", DESK, {Relation.SAME_CLINIC}),
    Policy("accounts.patient.region", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    # Who somebody's people are: those who see the patient put it down.
    Policy("accounts.related.view", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("accounts.related.add", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("accounts.related.change", DESK | {Role.PRACTITIONER}, {Relation.SAME_CLINIC}),
    Policy("accounts.organization.majority", DESK),
    Policy("accounts.licence.list", {Role.ADMINISTRATOR}),
    Policy("accounts.licence.change", {Role.ADMINISTRATOR}, {Relation.SAME_CLINIC, Relation.OWN}),
    Policy("accounts.practitioner.register", {Role.ADMINISTRATOR}),
    Policy("accounts.practitioner.list", STAFF),
    Policy("accounts.practitioner.view", STAFF, {Relation.OWN, Relation.SAME_CLINIC}),
)
