"""Every address of the house, in one order. Each app's own are in its urls module."""

from allauth.account import urls as allauth_urls
from django.conf import settings
from django.urls import include, path, re_path

from accounts.policy import action_of_route
from telehealth import installed, language
from telehealth.health import healthz, metrics, readyz
from telehealth.views import nowhere

# Only what is declared in policies: pages of allauth that this house does not offer do not exist.
sign_in = [route for route in allauth_urls.urlpatterns if action_of_route(route.name, route.callback)]

urlpatterns = [
    path("", include("accounts.urls")),
    path("accounts/", include(sign_in)),
    path("", include("scheduling.urls")),
    path("", include("scheduling.outside_urls")),
    path("", include("consults.urls")),
    path("", include("recordings.urls")),
    path("", include("notifications.urls")),
    path("language/", language.choose, name="language"),
    path("words/<str:language>-<str:version>.js", language.words, name="words"),
    path("manifest.webmanifest", installed.manifest, name="manifest"),
    path("offline/", installed.offline, name="offline"),
    # Not among the static files: a worker is in charge of what lies beside and below it.
    path("worker.js", installed.worker, name="worker"),
    # Browsers that were told of a visit by it ask for it here, and go on being told.
    path("v/push-worker.js", installed.worker, name="push-worker"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    re_path("", nowhere, name="nowhere"),
]

if settings.DEMO:
    from telehealth.demo.urls import urlpatterns as demo

    urlpatterns = [*demo, *urlpatterns]

handler400 = "telehealth.views.bad_request"
handler403 = "telehealth.views.permission_denied"
handler404 = "telehealth.views.page_not_found"
handler500 = "telehealth.views.server_error"
