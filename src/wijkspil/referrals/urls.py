"""Addresses of requests for district nursing."""

from django.urls import URLPattern, path

from wijkspil.referrals.views import (
    agreements,
    asking,
    care,
    client,
    desk,
    desk_acts,
    division,
    following,
    inbox,
    statistics,
    steering,
)

app_name = "referrals"
urlpatterns: list[URLPattern] = [
    path("zorg-aanvragen/", asking.ask, name="ask"),
    path("zorg-aanvragen/aanbieders", asking.list_providers, name="ask-providers"),
    path("zorg-aanvragen/<str:number>/", asking.ask, name="ask-need"),
    path("zorg-aanvragen/<str:number>/ruimte", asking.show_room, name="ask-room"),
    path("zorg-aanvragen/<str:number>/collega", asking.hand_over, name="ask-hand-over"),
    path("zorg-aanvragen/<str:number>/wie", asking.ask_who, name="ask-who"),
    path("zorg-aanvragen/<str:number>/verstuurd", asking.show_sent, name="ask-sent"),
    path("postvak/", inbox.show_inbox, name="inbox"),
    path("postvak/<int:offer_id>/", inbox.show_offer, name="offer"),
    path("postvak/<int:offer_id>/accepteren/", inbox.accept, name="offer-accept"),
    path("postvak/<int:offer_id>/afwijzen/", inbox.decline, name="offer-decline"),
    path("clienten/", inbox.list_clients, name="clients"),
    path("clienten/<str:number>/uren/", care.hours, name="care-hours"),
    path("clienten/<str:number>/start/", care.start, name="care-start"),
    path("clienten/<str:number>/einde/", care.end, name="care-end"),
    path("clienten/<str:number>/teruggeven/", care.give_back, name="care-give-back"),
    path("clienten/<str:number>/stoppen/", care.stop, name="care-stop"),
    path("aanvragen/", following.list_requests, name="requests"),
    path("aanvragen/<str:number>/", following.show_request, name="request"),
    path("aanvragen/<str:number>/stand", following.show_status, name="request-status"),
    path("aanvragen/<str:number>/wie", following.show_client, name="request-client"),
    path("aanvragen/<str:number>/link", following.renew_link, name="request-link"),
    path("volg/<str:token>/", client.show, name="client"),
    path("volg/<str:token>/bezwaar", client.object_to_provider, name="client-object"),
    path(
        "volg/<str:token>/ander-team", client.ask_other_team, name="client-other-team"
    ),
    path("volg/<str:token>/intrekken", client.take_back, name="client-take-back"),
    path("volg/<str:token>/sluiten", client.close, name="client-close"),
    path("aanvragen/<str:number>/sturen/overnemen", steering.take, name="steer-take"),
    path("aanvragen/<str:number>/sturen/<str:act>/", steering.steer, name="steer"),
    path(
        "aanvragen/<str:number>/dossier", steering.print_dossier, name="dossier-print"
    ),
    path("aanvragen/<str:number>/dossier.json", steering.send_dossier, name="dossier"),
    path("regietafel/", desk.show_desk, name="desk"),
    path("regietafel/kaart/", desk.show_map, name="desk-map"),
    path("regietafel/kaart/vlakken", desk.send_areas, name="desk-areas"),
    path("regietafel/verdelen/", division.divide, name="desk-proposal"),
    path("regietafel/dienst/", desk.hand_over_shift, name="desk-hand-over"),
    path("regietafel/afspraken/", agreements.show_agreements, name="agreements"),
    path("regietafel/afspraken/wijzigen", agreements.change, name="agreements-change"),
    path("regietafel/afspraken/toevoegen", agreements.add, name="agreement-add"),
    path(
        "regietafel/afspraken/<int:agreement_id>/einde",
        agreements.end,
        name="agreement-end",
    ),
    path("regietafel/<str:number>/", desk.show_item, name="desk-request"),
    path("regietafel/<str:number>/overnemen", desk.take, name="desk-take-over"),
    path("regietafel/<str:number>/vragen", desk.ask, name="desk-ask"),
    path("regietafel/<str:number>/notitie", desk_acts.note, name="desk-note"),
    path("regietafel/<str:number>/gebeld", desk_acts.call, name="desk-call"),
    path("regietafel/<str:number>/plaatsen", desk_acts.place, name="desk-place"),
    path("regiocijfers/", statistics.show_statistics, name="statistics"),
    path("regiocijfers/bestand", statistics.export, name="statistics-export"),
]
