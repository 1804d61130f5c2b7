"""Addresses of the public pages, in Dutch as people read them."""

from django.urls import path

from wijkspil.portal.views import home, who_helps

app_name = "portal"
urlpatterns = [
    path("", home.show_home, name="home"),
    path("zoek", home.search, name="search"),
    path("wie-helpt", who_helps.show_who_helps, name="who-helps"),
    path("wie-helpt/koelkast", who_helps.show_fridge, name="fridge"),
    path("wie-helpt/kaart.geojson", who_helps.send_map, name="who-helps-map"),
]
