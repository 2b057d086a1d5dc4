"""The addresses that only a demo has; elsewhere there are none."""

from django.urls import path

from telehealth.demo import views

urlpatterns = [path("staff/queue/<uuid:queue>/pretend/", views.pretend, name="queue-pretend")]
