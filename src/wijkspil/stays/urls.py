"""Addresses of stays."""

from django.urls import URLPattern, path

from wijkspil.stays.views import asking, beds, board

app_name = "stays"
_ROOT = "tijdelijk-verblijf/"
urlpatterns: list[URLPattern] = [
    path(_ROOT, asking.start, name="start"),
    path(f"{_ROOT}aanvragen/", asking.list_own, name="own"),
    path(f"{_ROOT}bedden/", beds.list_places, name="beds"),
    path(f"{_ROOT}bedden/<int:service_id>/", beds.show_beds, name="beds-of"),
    path(
        f"{_ROOT}bedden/<int:service_id>/klopt", beds.confirm_all, name="beds-confirm"
    ),
    path(f"{_ROOT}bord/", board.show_board, name="board"),
    path(f"{_ROOT}cijfers/", board.show_statistics, name="statistics"),
    path(f"{_ROOT}<str:number>/", asking.show_stay, name="stay"),
    path(
        f"{_ROOT}<str:number>/bed/<int:service_id>/<str:kind>",
        asking.claim,
        name="claim",
    ),
    path(f"{_ROOT}<str:number>/bevestigen", asking.confirm, name="confirm"),
    path(f"{_ROOT}<str:number>/sluiten", asking.cancel, name="cancel"),
    path(f"{_ROOT}<str:number>/notitie", asking.note, name="note"),
    path(f"{_ROOT}<str:number>/wie", asking.show_patient, name="patient"),
    path(f"{_ROOT}<str:number>/aangekomen", beds.arrive, name="arrive"),
    path(f"{_ROOT}<str:number>/niet-leveren", beds.not_deliver, name="not-deliver"),
    path(f"{_ROOT}<str:number>/vertrek", beds.end, name="end"),
    path(f"{_ROOT}<str:number>/laatste-dag", beds.change_end, name="change-end"),
    path(
        f"{_ROOT}<str:number>/teruggeven",
        asking.act,
        {"act": "give-back"},
        name="give-back",
    ),
    path(
        f"{_ROOT}<str:number>/coordinator",
        asking.act,
        {"act": "coordinator"},
        name="to-coordinator",
    ),
    path(
        f"{_ROOT}<str:number>/overnemen",
        asking.act,
        {"act": "take-over"},
        name="take-over",
    ),
]
