"""Writing recordings: every change of one goes through one of these."""
