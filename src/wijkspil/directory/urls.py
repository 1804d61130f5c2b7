"""Addresses of the pages of the directory, for professionals."""

from django.urls import path

from wijkspil.directory.views import (
    alliances,
    capacity,
    contacts,
    coverage_editing,
    coverage_map,
    duty,
    duty_exchange,
    duty_week,
    history,
    manage,
)

app_name = "directory"

_CAPACITY = [
    path("capaciteit/", capacity.list_my_teams, name="capacity-teams"),
    path("capaciteit/<int:service_id>/", capacity.report, name="capacity"),
    path(
        "capaciteit/<int:service_id>/klopt-nog/",
        capacity.confirm,
        name="capacity-confirm",
    ),
    path(
        "capaciteit/<int:service_id>/eerder/",
        capacity.show_history,
        name="capacity-history",
    ),
    path(
        "capaciteit/<int:service_id>/eerder/<int:report_id>/opnieuw/",
        capacity.report_again,
        name="capacity-again",
    ),
]

_ORGANIZATIONS = [
    path("beheer/", manage.search, name="manage"),
    path("beheer/organisatie/nieuw/", manage.new_organization, name="organization-new"),
    path(
        "beheer/organisatie/<int:organization_id>/",
        manage.show_organization,
        name="organization",
    ),
    path(
        "beheer/organisatie/<int:organization_id>/wijzig/",
        manage.edit_organization,
        name="organization-edit",
    ),
    path(
        "beheer/organisatie/<int:organization_id>/beeindig/",
        manage.end_an_organization,
        name="organization-end",
    ),
    path(
        "beheer/organisatie/<int:organization_id>/nieuwe-dienst/",
        manage.new_service,
        name="service-new",
    ),
]

_SERVICES = [
    path("beheer/dienst/<int:service_id>/", manage.show_service, name="service"),
    path(
        "beheer/dienst/<int:service_id>/wijzig/",
        manage.edit_service,
        name="service-edit",
    ),
    path(
        "beheer/dienst/<int:service_id>/beeindig/",
        manage.end_a_service,
        name="service-end",
    ),
    path(
        "beheer/dienst/<int:service_id>/geschiedenis/",
        history.show_service_history,
        name="service-history",
    ),
    path(
        "beheer/dienst/<int:service_id>/nieuw-contact/",
        contacts.new_contact,
        name="contact-new",
    ),
    path(
        "beheer/contact/<int:contact_id>/wijzig/",
        contacts.edit_contact,
        name="contact-edit",
    ),
    path(
        "beheer/contact/<int:contact_id>/beeindig/",
        contacts.end_a_contact,
        name="contact-end",
    ),
    path(
        "beheer/dienst/<int:service_id>/nieuw-team/",
        contacts.new_team,
        name="team-new",
    ),
    path("beheer/team/<int:team_id>/wijzig/", contacts.edit_team, name="team-edit"),
    path("beheer/team/<int:team_id>/verwijder/", contacts.end_a_team, name="team-end"),
    path(
        "beheer/dienst/<int:service_id>/gebieden-toevoegen/",
        coverage_editing.new_coverage,
        name="coverage-new",
    ),
    path("beheer/gebieden/", coverage_editing.find_areas, name="find-areas"),
    path(
        "beheer/dekking/<int:coverage_id>/wijzig/",
        coverage_editing.edit_coverage,
        name="coverage-edit",
    ),
    path(
        "beheer/dekking/<int:coverage_id>/beeindig/",
        coverage_editing.end_a_coverage,
        name="coverage-end",
    ),
    path(
        "beheer/dienst/<int:service_id>/diensttijd-toevoegen/",
        duty.new_duty,
        name="duty-new",
    ),
    path(
        "beheer/diensttijd/<int:duty_id>/intrekken/",
        duty.withdraw,
        name="duty-withdraw",
    ),
]

_DUTIES = [
    path("dienst/", duty_week.show_week, name="duty-week"),
    path("dienst/vul-gat/", duty_week.fill_gap, name="duty-fill"),
    path("dienst/herhaal/", duty_exchange.repeat, name="duty-repeat"),
    path("dienst/rooster-inlezen/", duty_exchange.import_file, name="duty-import"),
    path("dienst/rooster.csv", duty_exchange.export_csv, name="duty-csv"),
    path("dienst/rooster.ics", duty_exchange.export_ics, name="duty-ics"),
    path("dienst/agenda/", duty_exchange.show_calendars, name="duty-calendars"),
    path(
        "dienst/agenda/<int:calendar_id>/intrekken/",
        duty_exchange.revoke,
        name="duty-calendar-revoke",
    ),
    path(
        "dienst/agenda/<str:token>.ics",
        duty_exchange.send_calendar,
        name="duty-calendar",
    ),
    path("dienst/<int:duty_id>/wijzig/", duty.change, name="duty-change"),
    path("dienst/<int:duty_id>/ruil/", duty.swap, name="duty-swap"),
]

_ALLIANCES = [
    path("beheer/wijkverbanden/", alliances.list_all, name="alliances"),
    path(
        "beheer/wijkverbanden/<int:alliance_id>/",
        alliances.show_alliance,
        name="alliance",
    ),
    path(
        "beheer/wijkverbanden/<int:alliance_id>/wijzig/",
        alliances.edit_alliance,
        name="alliance-edit",
    ),
    path(
        "beheer/wijkverbanden/<int:alliance_id>/geschiedenis/",
        history.show_alliance_history,
        name="alliance-history",
    ),
    path(
        "beheer/wijkverbanden/deelnemer/<int:member_id>/verwijder/",
        alliances.end_member,
        name="member-end",
    ),
]

_HISTORY = [
    path(
        "beheer/geschiedenis/<slug:kind>/<int:entry_id>/",
        history.show_history,
        name="history",
    ),
    path(
        "beheer/geschiedenis/<slug:kind>/<int:event_id>/ongedaan/",
        history.undo,
        name="undo",
    ),
]

_COVERAGE = [
    path("dekking/", coverage_map.show_coverage, name="coverage"),
    path("dekking/gebieden.geojson", coverage_map.send_areas, name="coverage-areas"),
    path("dekking/gaten.csv", coverage_map.export, name="coverage-export"),
    path("dekking/wijk/<str:code>/", coverage_map.show_wijk, name="coverage-wijk"),
]

urlpatterns = [
    *_CAPACITY,
    *_ORGANIZATIONS,
    *_SERVICES,
    *_DUTIES,
    *_ALLIANCES,
    *_HISTORY,
    *_COVERAGE,
]
