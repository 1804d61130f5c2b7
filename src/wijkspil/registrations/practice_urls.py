"""Addresses of a practice: its list, rounds, households and work."""

from django.urls import URLPattern, path

from wijkspil.registrations.views import (
    desk_work,
    practice,
    practice_rounds,
    proposals,
)

_ROOT = "praktijk/"
_PRACTICE = f"{_ROOT}<int:service_id>/"
urlpatterns: list[URLPattern] = [
    path(_ROOT, practice.show_home, name="practice-home"),
    path(f"{_ROOT}voorstellen/<int:move_id>/", proposals.show_proposal, name="answer"),
    path(f"{_PRACTICE}lijst/", practice.show_list, name="practice-list"),
    path(f"{_PRACTICE}lijst/klopt", practice.confirm_list, name="practice-still"),
    path(
        f"{_PRACTICE}ronde/<int:round_id>/",
        practice_rounds.show_round,
        name="practice-round",
    ),
    path(
        f"{_PRACTICE}ronde/<int:round_id>/niet-meer",
        practice_rounds.leave,
        name="practice-leave",
    ),
    path(f"{_PRACTICE}voorstellen/", proposals.show_proposals, name="proposals"),
    path(f"{_PRACTICE}werklijst/", desk_work.show_work, name="work-list"),
    path(f"{_PRACTICE}werklijst.csv", desk_work.export, name="work-export"),
    path(f"{_PRACTICE}werklijst/klaar", desk_work.tick, name="work-tick"),
]
