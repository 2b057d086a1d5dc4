"""Housecall's media relay: a selective forwarding unit. No Django, no database, nothing of patients lives here."""
