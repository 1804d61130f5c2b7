from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "wijkspil.ui"
    label = "ui"
