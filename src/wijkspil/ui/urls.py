"""Addresses of the look of the site itself."""

from django.urls import path

from wijkspil.ui import views

app_name = "ui"
urlpatterns = [
    path("look", views.set_theme, name="theme"),
    path("components", views.show_components, name="components"),
    path("components/areas.geojson", views.send_sample_areas, name="sample-areas"),
]
