"""The addresses of the pages about messages: staff's, administrators', and people's own preferences."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
