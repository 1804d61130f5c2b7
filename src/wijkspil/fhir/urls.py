"""Addresses of FHIR: one, ``views.dispatch`` tells them apart."""

from django.urls import path

from wijkspil.fhir.views.auth import give_token, tell_configuration
from wijkspil.fhir.views.dispatch import answer_call

app_name = "fhir"
urlpatterns = [
    path("auth/token", give_token, name="token"),
    path(".well-known/smart-configuration", tell_configuration, name="smart"),
    path("", answer_call, name="base"),
    path("<path:rest>", answer_call, name="call"),
]
