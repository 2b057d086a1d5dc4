"""Views of consults: they translate requests into calls of services and selectors, and nothing more."""
