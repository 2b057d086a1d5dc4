"""Fixtures of the access tests: their world has recordings."""

from tests.recording_folders import own_folders, told

__all__ = ["own_folders", "told"]
