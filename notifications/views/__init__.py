"""Views of notifications: staff pages, people's preferences, providers' notices."""
