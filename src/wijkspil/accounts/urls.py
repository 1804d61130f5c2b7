"""Addresses of signing in and out, and of the auditor's page."""

from django.urls import path

from wijkspil.accounts import views

app_name = "accounts"
urlpatterns = [
    path("aanmelden", views.sign_in, name="sign-in"),
    path("afmelden", views.sign_out, name="sign-out"),
    path("logboek", views.show_audit_trail, name="audit-trail"),
    path("logboek.csv", views.export_audit_trail, name="audit-trail-csv"),
]
