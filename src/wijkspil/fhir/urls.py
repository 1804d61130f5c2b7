"""Addresses of FHIR: one, ``views.dispatch`` tells them apart."""

from django.urls import path

from wijkspil.fhir.views.dispatch import answer_call

app_name = "fhir"
urlpatterns = [
    path("", answer_call, name="base"),
    path("<path:rest>", answer_call, name="call"),
]
