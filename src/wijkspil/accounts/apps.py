from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "wijkspil.accounts"
    label = "accounts"
