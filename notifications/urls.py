"""Every address of notifications."""

from notifications.page_urls import urlpatterns as pages

urlpatterns = [*pages]
