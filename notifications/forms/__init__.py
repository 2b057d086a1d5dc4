"""Forms of notifications: they turn what was typed into types; what may be, the services say."""
