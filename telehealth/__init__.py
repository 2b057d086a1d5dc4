"""The Django project: settings, urls, asgi, jobs, health, supervisor, demo clinic. No other room imports it."""
