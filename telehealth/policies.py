"""Policy rows of the routes whose views are not ours (allauth) or belong to the project (health, the demo's own)."""

from accounts.policy import PUBLIC, Policy, Relation, declare, declare_route
from accounts.roles import Role
from consults.policies import DESK, PRACTITIONER

EVERY_ROLE = frozenset(Role)

# Whoever may see the board may let a pretend patient come to it; there is such a button in the demo only.
declare(
    Policy("telehealth.demo.pretend", PRACTITIONER, {Relation.OWN}),
    Policy("telehealth.demo.pretend", DESK, {Relation.SAME_CLINIC}),
)

declare(Policy("telehealth.language.choose", PUBLIC), Policy("telehealth.language.words", PUBLIC))
# The house as an app: its name, the script that stands by, the page without a connection. None tells of anybody.
for action in ("manifest", "offline", "worker"):
    declare(Policy(f"telehealth.installed.{action}", PUBLIC))

for name in (
    "healthz",
    "readyz",
    "metrics",
    "nowhere",
    "account_login",
    "account_logout",
    "account_inactive",
    "account_request_login_code",
    "account_confirm_login_code",
    "account_reset_password",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
    "account_password_reset_completed",
    "account_signup",
):
    declare_route(name, PUBLIC)

for name in ("account_change_password", "account_reauthenticate"):
    declare_route(name, EVERY_ROLE)
