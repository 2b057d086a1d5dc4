"""Selectors of notifications."""
