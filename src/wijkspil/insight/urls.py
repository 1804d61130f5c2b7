"""Addresses of the pages of insight: a list per room of pages."""

from django.urls import URLPattern

app_name = "insight"

_PICTURE: list[URLPattern] = []
_SCENARIOS: list[URLPattern] = []
_PLANS: list[URLPattern] = []
_WARNINGS: list[URLPattern] = []
_UPLOADS: list[URLPattern] = []
_REPORT: list[URLPattern] = []

urlpatterns = [*_PICTURE, *_SCENARIOS, *_PLANS, *_WARNINGS, *_UPLOADS, *_REPORT]
