"""Policy rows of the routes whose views are not ours (allauth) or belong to the project (health)."""

from accounts.policy import PUBLIC, declare_route
from accounts.roles import Role

EVERY_ROLE = frozenset(Role)

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
