"""Invented contents for the page that shows every component. Not used elsewhere."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext, gettext_lazy

from wijkspil.ui.charts.types import (
    Bar,
    Curve,
    Dot,
    DotRow,
    Effect,
    FunnelLimit,
    FunnelPoint,
    Line,
    LinePoint,
    Part,
)
from wijkspil.ui.navigation import Chip, Crumb, MapCategory, Step


class SampleForm(forms.Form):
    """One field of each kind."""

    place = forms.CharField(
        label=gettext_lazy("Postcode"),
        help_text=gettext_lazy("Four figures are enough, for example 2512."),
        max_length=7,
    )
    hours = forms.IntegerField(
        label=gettext_lazy("Hours a week"), min_value=0, required=False
    )
    insurer = forms.ChoiceField(
        label=gettext_lazy("Care law"),
        choices=[("", gettext_lazy("Choose")), ("zvw", "Zvw"), ("wlz", "Wlz")],
    )
    remark = forms.CharField(
        label=gettext_lazy("What should we know?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )
    room = forms.ChoiceField(
        label=gettext_lazy("Can you take new clients?"),
        widget=forms.RadioSelect,
        choices=[
            ("room", gettext_lazy("Yes, there is room")),
            ("limited", gettext_lazy("A little")),
            ("full", gettext_lazy("No, we are full")),
        ],
    )
    day_parts = forms.MultipleChoiceField(
        label=gettext_lazy("When?"),
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("morning", gettext_lazy("Morning")),
            ("afternoon", gettext_lazy("Afternoon")),
            ("evening", gettext_lazy("Evening")),
            ("night", gettext_lazy("Night")),
        ],
        required=False,
    )
    agreed = forms.BooleanField(
        label=gettext_lazy("The client knows that I send this request"),
    )


def sample_areas() -> dict[str, Any]:
    """Return six invented areas and a point as GeoJSON."""
    names = ("Duinwijk", "Havenkwartier", "Molenveld", "Oostpolder", "Park", "Zuid")
    kinds = ("covered", "backup", "covered", "gap", "unknown", "covered")
    features: list[dict[str, Any]] = []
    for index, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        west = 4.30 + 0.02 * (index % 3)
        south = 52.06 + 0.012 * (index // 3)
        slant = 0.002 * (1 if index % 2 else -1)
        ring = [
            [west, south],
            [west + 0.02, south + slant],
            [west + 0.02, south + 0.012 - slant],
            [west, south + 0.012],
            [west, south],
        ]
        features.append(
            {
                "type": "Feature",
                "id": index,
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {"code": f"W{index}", "name": name, "category": kind},
            }
        )
    features.append(
        {
            "type": "Feature",
            "id": 99,
            "geometry": {"type": "Point", "coordinates": [4.331, 52.0665]},
            "properties": {"code": "P1", "name": "Team Molenveld", "category": "good"},
        }
    )
    return {"type": "FeatureCollection", "features": features}


def sample_context(now: datetime, page_number: str) -> dict[str, Any]:
    """Return everything ``ui/components.html`` shows, counted from ``now``."""
    morning = now.replace(hour=8, minute=12)
    areas = [
        feature["properties"]
        for feature in sample_areas()["features"]
        if feature["geometry"]["type"] == "Polygon"
    ]
    categories = [
        MapCategory("covered", gettext("A team is responsible")),
        MapCategory("backup", gettext("Only a back-up")),
        MapCategory("gap", gettext("Nobody: act now")),
        MapCategory("unknown", gettext("Not known")),
    ]
    words = {category.key: category.label for category in categories}
    return {
        "reported_at": morning if morning < now else morning - timedelta(days=1),
        "stale_at": now - timedelta(days=9),
        "soon": now + timedelta(minutes=35),
        "due": now + timedelta(hours=5),
        "yesterday": now - timedelta(days=1),
        "crumbs": [
            Crumb(gettext("Home"), "/"),
            Crumb(gettext("Who helps here now?"), "/"),
            Crumb("Zuiderpark"),
        ],
        "steps": [
            Step(gettext("What and where"), "done"),
            Step(gettext("Who has room"), "current"),
            Step(gettext("For whom")),
        ],
        "many_steps": [
            Step(gettext("Request sent"), "done"),
            Step(gettext("We look for a team"), "done"),
            Step(gettext("A team is found"), "current"),
            Step(gettext("First talk")),
            Step(gettext("It starts")),
        ],
        "chips": [
            Chip(gettext("All"), "?", active=False, count=24),
            Chip(gettext("With room"), "?room=yes", active=True, count=9),
            Chip(gettext("May be out of date"), "?stale=yes", active=False, count=3),
        ],
        "rows": [
            {
                "team": "Team Zuiderpark",
                "state": "room",
                "answer": gettext("Waiting for an answer"),
                "hours": 16,
                "reported_at": now - timedelta(hours=3),
            },
            {
                "team": "Team Molenveld",
                "state": "limited",
                "answer": gettext("With the insurer's mediation"),
                "hours": 4,
                "reported_at": now - timedelta(hours=20),
            },
            {
                "team": "Team Havenkwartier",
                "state": "full",
                "answer": gettext("No answer in time"),
                "hours": 0,
                "reported_at": now - timedelta(hours=30),
            },
            {
                "team": "Team Oostpolder",
                "state": "unknown",
                "answer": gettext("Moved to temporary stay"),
                "hours": None,
                "reported_at": now - timedelta(days=9),
            },
        ],
        "page_of_list": Paginator(range(200), 20).get_page(page_number or 3),
        "categories": categories,
        "areas": [{**area, "word": words[area["category"]]} for area in areas],
        "form": SampleForm(),
        "wrong_form": SampleForm({"place": "25", "room": "room"}),
        "room_hints": {
            "room": gettext("For example 2 new clients"),
            "limited": gettext("Only short care, or only in the afternoon"),
        },
        **sample_charts(),
    }


def sample_charts() -> dict[str, Any]:
    """Return invented contents for every kind of chart."""
    need = [
        LinePoint(year, str(year), 900 + 14 * (year - 2026))
        for year in (2024, 2025, 2026)
    ]
    need += [
        LinePoint(
            year,
            str(year),
            900 + 22 * (year - 2026),
            900 + 22 * (year - 2026) - 6 * (year - 2026),
            900 + 22 * (year - 2026) + 8 * (year - 2026),
        )
        for year in range(2027, 2036)
    ]
    room = [
        LinePoint(
            year,
            str(year),
            850 - 4 * (year - 2026),
            850 - 9 * max(0, year - 2026),
            850 + 3 * max(0, year - 2026),
        )
        for year in range(2024, 2036)
    ]
    return {
        "chart_bars_items": [
            Bar("Zuiderpark", 120, 96, 151, kind="strong"),
            Bar("Havenkwartier", 84, 60, 110),
            Bar("Molenveld en Oud Molenveld-West", 41, 18, 66),
            Bar("Duinwijk", -22, -48, 5),
            Bar("Park", None, why=gettext("withheld: fewer than 10 people")),
        ],
        "chart_lines": [
            Line(gettext("Hours needed"), need),
            Line(gettext("Hours there are"), room, kind="dashed"),
        ],
        "chart_start": (gettext("Short now"), 50.0),
        "chart_end": (gettext("Short in 2035"), 273.0),
        "chart_parts": [
            Part(gettext("More people over 75"), 210),
            Part(gettext("Fewer nurses"), 88),
            Part(gettext("Care at a distance"), -64),
            Part(gettext("Together more or less than apart (interaction)"), -11),
        ],
        "chart_effects": [
            Effect(gettext("Nurses who leave"), -60, 95),
            Effect(gettext("Care at a distance"), 52, -70),
            Effect(gettext("Moving in and out"), -14, 12),
        ],
        "chart_series": [gettext("This month"), gettext("A year ago")],
        "chart_dot_rows": [
            DotRow("Zuiderpark", (Dot(18.2, 14.0, 22.5), Dot(12.1))),
            DotRow("Havenkwartier", (Dot(9.4, 6.0, 13.1), Dot(10.0))),
            DotRow("Duinwijk", (Dot(-3.0, -6.0, 0.5), Dot(None))),
        ],
        "chart_curves": [
            Curve(
                gettext("Now"), [(0, 0), (0.1, 0.03), (0.5, 0.34), (0.9, 0.83), (1, 1)]
            ),
            Curve(
                gettext("After one closes"),
                [(0, 0), (0.1, 0.01), (0.5, 0.28), (0.9, 0.79), (1, 1)],
            ),
        ],
        "chart_points": [
            FunnelPoint("Team A", 40, 7.6),
            FunnelPoint("Team B", 180, 8.4),
            FunnelPoint("Team C", 90, 6.6),
            FunnelPoint("Team D", 260, 8.1),
        ],
        "chart_limits": [
            FunnelLimit(
                n,
                8.1 - 1.96 * 2 / n**0.5,
                8.1 + 1.96 * 2 / n**0.5,
                8.1 - 3.09 * 2 / n**0.5,
                8.1 + 3.09 * 2 / n**0.5,
            )
            for n in range(20, 301, 20)
        ],
    }
