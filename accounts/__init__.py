"""Organisations, people and their roles; who is acting; the one policy table."""
