"""Addresses of communications."""

from django.urls import path

from wijkspil.communications import views

app_name = "communications"
urlpatterns = [
    path("berichten/", views.show_inbox, name="inbox"),
    path("berichten/alles-gelezen/", views.mark_everything, name="mark-all"),
    path("berichten/bereikbaar/", views.choose_how, name="contact"),
    path("berichten/systemen/", views.show_systems, name="systems"),
    path("berichten/systemen/nieuw/", views.add_system, name="system-new"),
    path(
        "berichten/systemen/<int:endpoint_id>/proef/",
        views.test_system,
        name="system-test",
    ),
    path(
        "berichten/systemen/<int:endpoint_id>/einde/",
        views.end_system,
        name="system-end",
    ),
    path(
        "berichten/bezorging/<int:delivery_id>/opnieuw/",
        views.send_letter_again,
        name="send-again",
    ),
    path("berichten/<uuid:message_id>/", views.open_message, name="message"),
    path("berichten/<uuid:message_id>/gelezen/", views.mark_one, name="mark-one"),
]
