"""Addresses of the pages of the directory, for professionals."""

from django.urls import path

from wijkspil.directory.views import capacity

app_name = "directory"
urlpatterns = [
    path("capaciteit/", capacity.list_my_teams, name="capacity-teams"),
    path("capaciteit/<int:service_id>/", capacity.report, name="capacity"),
    path(
        "capaciteit/<int:service_id>/klopt-nog/",
        capacity.confirm,
        name="capacity-confirm",
    ),
    path(
        "capaciteit/<int:service_id>/eerder/",
        capacity.show_history,
        name="capacity-history",
    ),
    path(
        "capaciteit/<int:service_id>/eerder/<int:report_id>/opnieuw/",
        capacity.report_again,
        name="capacity-again",
    ),
]
