"""Addresses of the public pages, in Dutch as people read them."""

from django.urls import path

from wijkspil.portal.views import (
    alliances,
    guides,
    home,
    info,
    my_page,
    room,
    signposts,
    technical,
    who_helps,
)

app_name = "portal"
urlpatterns = [
    path("", home.show_home, name="home"),
    path("zoek", home.search, name="search"),
    path("wie-helpt", who_helps.show_who_helps, name="who-helps"),
    path("wie-helpt/koelkast", who_helps.show_fridge, name="fridge"),
    path("wie-helpt/kaart.geojson", who_helps.send_map, name="who-helps-map"),
    path("wegwijzer", signposts.list_questions, name="signposts"),
    path("wegwijzer/<slug:slug>", signposts.show_signpost, name="signpost"),
    path("wie-doet-wat", signposts.list_professions, name="professions"),
    path("wijkverbanden", alliances.list_all, name="alliances"),
    path("wijkverband/<int:alliance_id>", alliances.show_alliance, name="alliance"),
    path(
        "wijkverband/<int:alliance_id>/kaart.geojson",
        alliances.send_map,
        name="alliance-map",
    ),
    path("mijn-pagina", my_page.show_my_page, name="my-page"),
    path("ruimte-in-de-regio", room.show_room_overview, name="room-overview"),
    path("hulp/", guides.show_help, name="help"),
    path("hulp/<slug:slug>", guides.show_guide, name="guide"),
    path("over", info.show_info, {"page": "about"}, name="about"),
    path("privacy", info.show_info, {"page": "privacy"}, name="privacy"),
    path(
        "toegankelijkheid",
        info.show_info,
        {"page": "accessibility"},
        name="accessibility",
    ),
    path("bronnen", info.show_info, {"page": "sources"}, name="sources"),
    path("healthz", technical.say_health, name="health"),
    path("robots.txt", technical.send_robots, name="robots"),
    path("favicon.ico", technical.send_favicon, name="favicon"),
]
