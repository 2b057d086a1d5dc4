"""Public ids. Inside, rows are known by bigints; only these appear in URLs."""

import uuid


def new_uuid() -> uuid.UUID:
    """A random id that tells nothing about when it was made or what came before it."""
    return uuid.uuid4()
