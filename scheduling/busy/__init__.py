"""Busy times out of people's own calendars: which addresses may be asked, asking them, and reading what they say."""
