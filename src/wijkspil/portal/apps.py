from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "wijkspil.portal"
    label = "portal"
