"""Forms of scheduling: they turn typed words into types; rules live in services."""
