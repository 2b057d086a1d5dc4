"""The product's settings for one of several workers of a test run: a Redis database and channels of its own.

A PostgreSQL database of its own each worker has from pytest-django.
"""

import os

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
if address := os.environ.get("REDIS_URL"):
    # Set for the processes that tests start, too.
    os.environ["REDIS_URL"] = f"{address.rpartition('/')[0]}/{_WORKER + 1}"

from telehealth.settings import *  # noqa: E402, F403
from telehealth.settings import CHANNEL_LAYERS  # noqa: E402

if address:
    # What is published in Redis is heard in every database.
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = f"housecall-{_WORKER}"
