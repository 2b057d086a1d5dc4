"""Addresses of recordings: the record buttons and answers of a visit."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
