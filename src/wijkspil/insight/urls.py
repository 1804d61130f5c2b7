"""Addresses of the pages of insight: a list per room of pages."""

from django.urls import URLPattern, path, register_converter

from wijkspil.insight.views import (
    picture,
    picture_shapes,
    plans,
    practice_closes,
    report,
    scenario_results,
    scenarios,
    uploads,
    warnings,
)

app_name = "insight"


class AreaCode:
    """Code of an area: that of CBS, or of a region with its purpose before it."""

    regex = (
        r"(?:[A-Z]{2}[0-9A-Z]+|"
        r"(?:zorgkantoor|resv|gp-out-of-hours|night-care|alliance)/[\w.-]+)"
    )

    def to_python(self, value: str) -> str:
        """Return the code as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Return the code as it is."""
        return value


register_converter(AreaCode, "area")

_PICTURE: list[URLPattern] = [
    path("regiobeeld/", picture.show_picture, name="picture"),
    path(
        "regiobeeld/vormen/<str:kind>/<int:year>/<int:within>/",
        picture_shapes.send_shapes,
        name="picture-shapes",
    ),
    path("regiobeeld/<area:code>/", picture.show_area, name="picture-area"),
    path(
        "regiobeeld/<area:code>/thema/<str:theme>/",
        picture.show_theme,
        name="picture-theme",
    ),
    path("regiobeeld/<area:code>/verversen/", picture.refresh, name="picture-refresh"),
    path("regiobeeld/<area:code>/cijfers.csv", picture.export, name="picture-csv"),
]
_SCENARIOS: list[URLPattern] = [
    path("scenarios/", scenarios.show_scenarios, name="scenarios"),
    path("scenarios/nieuw/", scenarios.start_scenario, name="scenario-new"),
    path("scenarios/basis/", scenarios.run_base, name="scenario-base"),
    path("scenarios/vergelijken/", scenario_results.compare, name="scenario-compare"),
    path(
        "scenarios/praktijk-stopt/",
        practice_closes.show_closing,
        name="practice-closes",
    ),
    path(
        "scenarios/praktijk-stopt/vormen/",
        practice_closes.send_shapes,
        name="practice-shapes",
    ),
    path(
        "scenarios/praktijk-stopt/scenario/",
        scenarios.suppose_closing,
        name="practice-scenario",
    ),
    path(
        "scenarios/<int:scenario_id>/",
        scenario_results.show_scenario,
        name="scenario",
    ),
    path(
        "scenarios/<int:scenario_id>/aanpassen/",
        scenarios.edit_scenario,
        name="scenario-edit",
    ),
    path(
        "scenarios/<int:scenario_id>/doorrekenen/", scenarios.run, name="scenario-run"
    ),
    path("scenarios/<int:scenario_id>/kopie/", scenarios.copy, name="scenario-copy"),
    path("scenarios/<int:scenario_id>/delen/", scenarios.share, name="scenario-share"),
    path(
        "scenarios/<int:scenario_id>/verwijderen/",
        scenarios.delete,
        name="scenario-delete",
    ),
    path(
        "scenarios/<int:scenario_id>/kaart/",
        scenario_results.send_shapes,
        name="scenario-map",
    ),
    path(
        "scenarios/<int:scenario_id>/cijfers.csv",
        scenario_results.export,
        name="scenario-csv",
    ),
]
_PLANS: list[URLPattern] = [
    path("plannen/", plans.show_plans, name="plans"),
    path("plannen/nieuw/", plans.start_measure, name="plan-new"),
    path("plannen/plannen.csv", plans.export, name="plans-csv"),
    path("plannen/<int:measure_id>/", plans.show_measure, name="plan"),
    path("plannen/<int:measure_id>/aanpassen/", plans.edit_measure, name="plan-edit"),
    path("plannen/<int:measure_id>/staat/", plans.set_status, name="plan-status"),
    path("plannen/<int:measure_id>/effect/", plans.take_effect, name="plan-effect"),
]
_WARNINGS: list[URLPattern] = [
    path("regiobeeld/waarschuwingen/", warnings.show_warnings, name="warnings"),
    path(
        "regiobeeld/waarschuwingen/<int:subscription_id>/stoppen/",
        warnings.end_warning,
        name="warning-end",
    ),
]
_UPLOADS: list[URLPattern] = [
    path("regiobeeld/aanleveren/", uploads.show_uploads, name="uploads"),
    path(
        "regiobeeld/aanleveren/voorbeeld.csv",
        uploads.send_template,
        name="upload-template",
    ),
]
_REPORT: list[URLPattern] = [
    path("regiobeeld/rapport/<int:region_id>/", report.show_report, name="report"),
    path(
        "regiobeeld/rapport/<int:region_id>/pdf/",
        report.send_report_pdf,
        name="report-pdf",
    ),
    path(
        "regiobeeld/rapport/<int:region_id>/gegevens/",
        report.send_report_data,
        name="report-data",
    ),
]

urlpatterns = [*_PICTURE, *_SCENARIOS, *_PLANS, *_WARNINGS, *_UPLOADS, *_REPORT]
