"""The rows of found practices as text: a page has dozens of them and is asked most."""

from collections.abc import Sequence
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wijkspil.ui.markup import draw_badge
from wijkspil.ui.templatetags.ui import TONE_ICONS, phone


def draw_rows(rows: Sequence[dict[str, Any]]) -> SafeString:
    """Return practices as a list, each with its state and its one next step."""
    unknown = escape(_("This practice has not said whether it takes new patients."))
    return SafeString(
        f'<ul class="gp-rows">{"".join(_row(row, unknown) for row in rows)}</ul>'
    )


def _row(row: dict[str, Any], unknown: str) -> str:
    name = escape(row["name"])
    badge = draw_badge(row["words"], tone=row["tone"], icon=TONE_ICONS[row["tone"]])
    if row["conditions"]:
        lines = "".join(f"<li>{escape(line)}</li>" for line in row["conditions"])
        why = f"<ul>{lines}</ul>"
    elif row["why_not"]:
        why = f"<p>{escape(row['why_not'])}</p>"
    elif row["is_unknown"]:
        number = phone(row["phone"]) if row["phone"] else ""
        why = f"<p>{unknown} {number}</p>"
    else:
        why = ""
    next_step = (
        '<a class="utrecht-button utrecht-button--secondary-action" '
        f'href="{escape(row["next_url"])}">{escape(row["next_words"])}'
        f'<span class="wp-visually-hidden">: {name}</span></a>'
        if row["next_url"]
        else ""
    )
    return (
        f'<li><div><h3 class="utrecht-heading-3"><a href="{escape(row["url"])}">{name}'
        f"</a></h3><p>{badge} {escape(row['places'])}</p>"
        f'<p class="wp-soft">{escape(row["distance"])}</p>{why}</div>'
        f'<div class="gp-next">{next_step}</div></li>'
    )
