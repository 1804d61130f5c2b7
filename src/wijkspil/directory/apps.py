from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "wijkspil.directory"
    label = "directory"
