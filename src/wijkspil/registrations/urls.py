"""Addresses of GP lists."""

from django.urls import URLPattern, path

from wijkspil.registrations.views import access

app_name = "registrations"

urlpatterns: list[URLPattern] = [
    path("huisartsenzorg/", access.show_access, name="access"),
    path("huisartsenzorg/gebieden.json", access.send_areas, name="access-areas"),
    path("huisartsenzorg/cijfers.csv", access.export, name="access-export"),
]
