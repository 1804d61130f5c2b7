"""Every address of the site, by room."""

from django.urls import include, path

from wijkspil.config.api import api

urlpatterns = [
    path("api/v1/", api.urls),  # first: systems ask most
    path("fhir/", include("wijkspil.fhir.urls")),
    path("", include("wijkspil.portal.urls")),
    path("account/", include("wijkspil.accounts.urls")),
    path("", include("wijkspil.directory.urls")),
    path("", include("wijkspil.referrals.urls")),
    path("", include("wijkspil.calls.urls")),
    path("", include("wijkspil.stays.urls")),
    path("", include("wijkspil.registrations.urls")),
    path("", include("wijkspil.insight.urls")),
    path("", include("wijkspil.communications.urls")),
    path("ui/", include("wijkspil.ui.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]

handler400 = "wijkspil.portal.views.errors.show_bad_request"
handler403 = "wijkspil.portal.views.errors.show_not_permitted"
handler404 = "wijkspil.portal.views.errors.show_not_found"
handler500 = "wijkspil.portal.views.errors.show_server_error"
