"""Fixtures of the recordings' tests."""

from tests.recording_folders import own_folders, told

__all__ = ["own_folders", "told"]
