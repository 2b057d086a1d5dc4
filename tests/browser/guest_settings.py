"""The settings of a house whose visits take guests; see guests.py."""

from telehealth.settings import *  # noqa: F403
from telehealth.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.browser.guests.Guests"]
