"""Addresses of requests for district nursing."""

from django.urls import URLPattern

app_name = "referrals"
urlpatterns: list[URLPattern] = []
