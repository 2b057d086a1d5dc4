"""Views of recordings: they translate requests into calls of services and selectors, and nothing more."""
