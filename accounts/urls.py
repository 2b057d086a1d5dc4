"""The addresses of the clinic's public pages."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("visit-today/", views.visit_today, name="visit-today"),
]
