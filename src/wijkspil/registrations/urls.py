"""Addresses of GP lists."""

from django.urls import URLPattern, path

from wijkspil.registrations.views import access, round_report, rounds

app_name = "registrations"

_ROUNDS = "ruilrondes/"
_ROUND = f"{_ROUNDS}<int:round_id>/"
urlpatterns: list[URLPattern] = [
    path("huisartsenzorg/", access.show_access, name="access"),
    path("huisartsenzorg/gebieden.json", access.send_areas, name="access-areas"),
    path("huisartsenzorg/cijfers.csv", access.export, name="access-export"),
    path(_ROUNDS, rounds.show_rounds, name="rounds"),
    path(f"{_ROUNDS}openen/", rounds.start_round, name="round-open"),
    path(_ROUND, rounds.show_round, name="round"),
    path(f"{_ROUND}stap/<str:step>", rounds.set_step, name="round-step"),
    path(f"{_ROUND}stoppen/", rounds.stop_round, name="round-stop"),
    path(
        f"{_ROUND}bestand/<int:number>/<str:name>", rounds.download, name="round-file"
    ),
    path(f"{_ROUND}verslag/", round_report.show_report, name="round-report"),
    path(f"{_ROUND}verslag/kaart.json", round_report.send_map, name="round-map"),
    path(
        f"{_ROUND}verslag/<int:number>/receipt.json",
        round_report.send_receipt,
        name="round-receipt",
    ),
]
