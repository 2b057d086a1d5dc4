"""Every address of notifications."""

from notifications.hook_urls import urlpatterns as hooks
from notifications.page_urls import urlpatterns as pages

urlpatterns = [*pages, *hooks]
