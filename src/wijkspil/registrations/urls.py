"""Addresses of GP lists."""

from django.urls import URLPattern, path

from wijkspil.registrations.practice_urls import urlpatterns as _PRACTICES
from wijkspil.registrations.resident_urls import urlpatterns as _RESIDENTS
from wijkspil.registrations.views import (
    access,
    rehousing,
    round_report,
    rounds,
)

app_name = "registrations"

_ROUNDS = "ruilrondes/"
_ROUND = f"{_ROUNDS}<int:round_id>/"
_REHOUSING = "herplaatsing/"
_REHOUSED = f"{_REHOUSING}<int:rehousing_id>/"
urlpatterns: list[URLPattern] = [
    *_RESIDENTS,
    *_PRACTICES,
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
    path(_REHOUSING, rehousing.show_rehousings, name="rehousings"),
    path(f"{_REHOUSING}nieuw/", rehousing.start, name="rehousing-start"),
    path(_REHOUSED, rehousing.show_rehousing, name="rehousing"),
    path(
        f"{_REHOUSED}huishoudens/<int:service_id>/",
        rehousing.upload,
        name="rehousing-upload",
    ),
    path(f"{_REHOUSED}praktijken/", rehousing.choose_takers, name="rehousing-takers"),
    path(f"{_REHOUSED}plannen", rehousing.make_plan, name="rehousing-plan"),
    path(f"{_REHOUSED}dag/<str:day>/", rehousing.show_day, name="rehousing-day"),
    path(
        f"{_REHOUSED}lijst/<int:service_id>.csv",
        rehousing.export,
        name="rehousing-export",
    ),
]
