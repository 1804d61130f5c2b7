"""Addresses of calls: /oproep for who enters them, /oproepen for who answers."""

from django.urls import URLPattern, path

from wijkspil.calls.types import CallerKind
from wijkspil.calls.views import entry, following, night, settlement

app_name = "calls"
urlpatterns: list[URLPattern] = [
    path("oproep/", entry.list_calls, name="calls"),
    path(
        "oproep/alarmcentrale",
        entry.enter,
        {"kind": CallerKind.ALARM_CENTER.value},
        name="enter-alarm-center",
    ),
    path(
        "oproep/huisartsenpost",
        entry.enter,
        {"kind": CallerKind.OUT_OF_HOURS.value},
        name="enter-out-of-hours",
    ),
    path(
        "oproep/triage",
        entry.enter,
        {"kind": CallerKind.TRIAGE.value},
        name="enter-triage",
    ),
    path("oproep/<str:number>/", following.show_call, name="call"),
    path("oproep/<str:number>/wie", following.show_client, name="call-client"),
    path(
        "oproep/<str:number>/client", following.change_client, name="call-client-change"
    ),
    path("oproep/<str:number>/alarmeren", following.alert_other, name="call-alert"),
    path("oproep/<str:number>/stoppen", following.cancel, name="call-cancel"),
    *(
        path(
            f"oproep/<str:number>/{act}",
            following.write_down,
            {"act": act},
            name=f"call-{act}",
        )
        for act in ("komt", "komt-niet", "onderweg", "aangekomen", "veilig")
    ),
    path("oproepen/", night.show_night, name="night"),
    path("oproepen/regio/", following.show_region, name="region"),
    path("oproepen/verrekening/", settlement.show, name="settlement"),
    path("oproepen/verrekening/bestand", settlement.export, name="settlement-export"),
    path("oproepen/verslagen/", night.show_night_reports, name="reports"),
    path("oproepen/noodtoegang/", night.show_glass, name="glass-list"),
    path("oproepen/<str:number>/", night.show_night_call, name="night-call"),
    path("oproepen/<str:number>/sleutel", night.open_key_safe, name="key-safe"),
    path("oproepen/<str:number>/klaar", night.finish, name="finish"),
    path("oproepen/<str:number>/noodtoegang", night.use_glass, name="glass"),
    *(
        path(
            f"oproepen/<str:number>/{what}",
            night.act,
            {"what": what},
            name=f"do-{what}",
        )
        for what in ("ga", "vertrek", "ben-er", "veilig")
    ),
    *(
        path(
            f"oproepen/<str:number>/{what}",
            night.refuse,
            {"what": what},
            name=f"do-{what}",
        )
        for what in ("kan-niet", "teruggeven")
    ),
]
