"""The FHIR R4 face of the directory and of the exchange of requests."""

from django.apps import AppConfig


class FhirConfig(AppConfig):
    """FHIR."""

    name = "wijkspil.fhir"
    label = "fhir"
