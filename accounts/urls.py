"""The addresses of accounts: the page for whoever has a visit today."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("visit-today/", views.visit_today, name="visit-today"),
]
