"""Every component of the pages as a template tag: ``{% load ui %}``.

One mechanism: a tag with named arguments. Tags with contents close with ``end...``.
An argument outside its list raises ``WrongComponentValue`` at once, and an unknown
argument is a ``TypeError``: a typing mistake never makes a silent hole in a page.
The page ``ui:components`` shows them all; ``docs/howto/frontend.md`` explains.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.html import conditional_escape, format_html, json_script
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from wijkspil.ui.assets import find_asset
from wijkspil.ui.charts.planes import draw_funnel, draw_line, draw_lorenz
from wijkspil.ui.charts.rows import (
    draw_bars,
    draw_dots,
    draw_tornado,
    draw_waterfall,
)
from wijkspil.ui.charts.types import Chart
from wijkspil.ui.errors import WrongComponentValue
from wijkspil.ui.field_markup import draw_field
from wijkspil.ui.form_fields import describe_field, find_first_control
from wijkspil.ui.markup import (
    ROOM_WORDS,
    draw_action_link,
    draw_badge,
    draw_button,
    draw_card,
    draw_column,
    draw_disclosure,
    draw_event,
    draw_fact,
    draw_freshness,
    draw_icon,
    draw_moment,
    draw_phone,
    draw_room,
    shown,
)
from wijkspil.ui.moments import (
    say_day,
    say_deadline,
    say_moment,
    say_reported,
)
from wijkspil.ui.navigation import (
    MAP_CATEGORIES,
    Chip,
    Crumb,
    MapCategory,
    MenuItem,
    Step,
)
from wijkspil.ui.page_markup import (
    draw_alert,
    draw_breadcrumb,
    draw_menu,
    draw_page_header,
    draw_table,
)

register = template.Library()

BUTTON_KINDS = {
    "primary": "utrecht-button--primary-action",
    "secondary": "utrecht-button--secondary-action",
    "subtle": "utrecht-button--subtle",
}
ALERT_KINDS = {
    "info": ("info", "info"),
    "ok": ("ok", "check"),
    "warning": ("warning", "warning"),
    "now": ("error", "alert"),
}
TONES = ("good", "limited", "full", "unknown", "now", "info")
TONE_ICONS = {
    "good": "room",
    "limited": "limited",
    "full": "full",
    "unknown": "unknown",
    "now": "alert",
    "info": "info",
}


def _check(tag: str, argument: str, value: object, allowed: Iterable[object]) -> None:
    options = tuple(allowed)
    if value not in options:
        raise WrongComponentValue(tag, argument, value, options)


def _present(context: Context) -> datetime:
    now: datetime = context["now"]
    return now


# --- files, icons, words ---------------------------------------------------------


@register.simple_tag
def asset(name: str) -> str:
    """Return the address of a built file."""
    return find_asset(name)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; decoration only, so the word beside it is what is read out."""
    return draw_icon(name)


@register.simple_tag
def same_for_all(template_name: str) -> SafeString:
    """Include a part that knows nothing of its reader: drawn once per language."""
    if settings.DEBUG:
        return SafeString(render_to_string(template_name))
    return _draw_once(
        template_name, get_language(), get_script_prefix(), settings.ROOT_URLCONF
    )


@lru_cache(maxsize=64)
def _draw_once(template_name: str, *_holds_for: str | None) -> SafeString:
    return SafeString(render_to_string(template_name))


@register.simple_tag
def options(choices: Iterable[tuple[object, object]], chosen: object) -> SafeString:
    """Draw the (value, label) of a long list to choose from."""
    return SafeString(
        "".join(
            f'<option value="{conditional_escape(str(value))}"'
            f"{' selected' if value == chosen else ''}>{shown(label)}</option>"
            for value, label in choices
        )
    )


@register.simple_tag
def script_texts() -> SafeString:
    """Hand the words that scripts say to the page, in its language."""
    return _write_script_texts(get_language())


@lru_cache(maxsize=8)
def _write_script_texts(_language: str | None) -> SafeString:
    return json_script(
        {
            "sending": gettext("Sending. One moment."),
            "draftRestored": gettext("We put back what you typed earlier."),
            "startAfresh": gettext("Start with an empty form"),
            "mapFailed": gettext(
                "The map cannot be shown here. The table below has the same contents."
            ),
            "mapAreas": gettext("Areas on the map"),
            "mapZoomIn": gettext("Zoom in"),
            "mapZoomOut": gettext("Zoom out"),
            "mapClose": gettext("Close"),
            "mapScrollHelp": gettext("Hold Ctrl while you scroll to zoom the map."),
            "mapTouchHelp": gettext("Move the map with two fingers."),
            "mapHelp": gettext(
                "Use the arrow keys to walk through the areas, Enter to choose one."
            ),
        },
        "wp-texts",
    )


# --- moments ---------------------------------------------------------------------


@register.filter
def when_said(moment: datetime | None, now: datetime) -> str:
    """``{{ offer.sent_at|when_said:now }}``: "yesterday at 22:10"; empty for None."""
    return "" if moment is None else say_moment(moment, now)


@register.filter
def deadline_said(moment: datetime | None, now: datetime) -> str:
    """``{{ offer.answer_until|deadline_said:now }}``: "today before 17:00"."""
    return "" if moment is None else say_deadline(moment, now)


@register.filter
def day_said(day: date | None, now: datetime) -> str:
    """``{{ plan.starts_on|day_said:now }}``: "tomorrow", "Monday", "3 November"."""
    if day is None:
        return ""
    return say_day(day, localtime(now).date())


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime) -> SafeString:
    """Say a moment in words, with the exact moment behind it."""
    return draw_moment(moment, say_moment(moment, _present(context)))


@register.simple_tag(takes_context=True)
def deadline(context: Context, moment: datetime) -> SafeString:
    """Say until when, with the exact moment behind it."""
    return draw_moment(moment, say_deadline(moment, _present(context)))


@register.simple_tag(takes_context=True)
def freshness(
    context: Context,
    reported_at: datetime | None,
    by: object = "",
    stale: bool = False,
) -> SafeString:
    """How old a figure is: "reported this morning at 8:12"; greyed when stale."""
    said = (
        None
        if reported_at is None
        else draw_moment(reported_at, say_reported(reported_at, _present(context)))
    )
    return draw_freshness(said, by=by, stale=stale)


# --- head of a page --------------------------------------------------------------


@register.simple_tag
def menu_items(menu: Iterable[MenuItem]) -> SafeString:
    """Draw the entries of the main menu."""
    return draw_menu(menu)


@register.simple_tag
def page_header(title: object, lead: object = "", kicker: object = "") -> SafeString:
    """Write the one h1 of the page with a sentence that says what it is for."""
    return draw_page_header(title, lead=lead, kicker=kicker)


@register.simple_tag
def breadcrumb(crumbs: Iterable[Crumb]) -> SafeString:
    """Show the trail above the page; the last crumb is the page itself."""
    return draw_breadcrumb(crumbs)


@register.inclusion_tag("ui/components/back_link.html")
def back_link(url: str, label: object = "") -> dict[str, object]:
    """Lead back, on pages with one task."""
    return {"url": url, "label": label or gettext("Back")}


# --- answers and states ----------------------------------------------------------


@register.simple_block_tag(takes_context=True)
def answer(
    context: Context,
    content: str,
    title: object,
    status: object = "",
    tone: str = "good",
    phone: str = "",
    phone_label: object = "",
    phone_note: object = "",
    reported_at: datetime | None = None,
    stale: bool = False,
    level: int = 2,
) -> SafeString:
    """Give the answer first, then the phone button, then why and how old it is."""
    _check("answer", "tone", tone, TONES)
    return render_to_string(
        "ui/components/answer.html",
        {
            "content": content,
            "title": title,
            "status": status,
            "tone": tone,
            "tone_icon": TONE_ICONS[tone],
            "phone": phone,
            "phone_label": phone_label,
            "phone_note": phone_note,
            "reported_at": reported_at,
            "stale": stale,
            "heading": f"h{level}",
            "now": context.get("now"),
        },
    )


@register.simple_tag
def room(state: str, stale: bool = False) -> SafeString:
    """Show whether there is room: a word, an icon and a color."""
    _check("room", "state", state, ROOM_WORDS)
    return draw_room(state, stale=stale)


@register.simple_tag
def badge(word: object, tone: str = "info", icon: str = "") -> SafeString:
    """Show a state in one or two words; ``tone="now"`` only where a person must act."""
    _check("badge", "tone", tone, TONES)
    return draw_badge(word, tone=tone, icon=icon or TONE_ICONS[tone])


@register.inclusion_tag("ui/components/figure.html", takes_context=True)
def figure(
    context: Context,
    value: object,
    label: object,
    note: object = "",
    reported_at: datetime | None = None,
    stale: bool = False,
    url: str = "",
) -> dict[str, object]:
    """Show one number large, with what it counts and how old it is."""
    return {
        "value": value,
        "label": label,
        "note": note,
        "reported_at": reported_at,
        "stale": stale,
        "url": url,
        "now": context.get("now"),
    }


@register.simple_block_tag
def card(
    content: str,
    title: object = "",
    url: str = "",
    level: int = 3,
    tone: str = "",
) -> SafeString:
    """Put what belongs together in one frame; ``url`` makes the title a link."""
    if tone:
        _check("card", "tone", tone, TONES)
    return draw_card(content, title=title, url=url, level=level, tone=tone)


@register.simple_block_tag
def alert(content: str, kind: str = "info", title: object = "") -> SafeString:
    """Tell something: ``info``, ``ok``, ``warning``, or ``now`` (a person must act)."""
    _check("alert", "kind", kind, ALERT_KINDS)
    modifier, icon_name = ALERT_KINDS[kind]
    return draw_alert(
        content, title=title, kind=kind, modifier=modifier, icon=icon_name
    )


@register.filter
def alert_kind(message: Any) -> str:
    """Return the kind of alert for one of Django's messages."""
    return {"success": "ok", "warning": "warning", "error": "now"}.get(
        message.level_tag, "info"
    )


@register.inclusion_tag("ui/components/empty.html")
def empty(
    title: object,
    why: object,
    url: str = "",
    action: object = "",
    icon: str = "info",
) -> dict[str, object]:
    """Say why a list is empty and what to do."""
    return {
        "title": title,
        "why": why,
        "url": url,
        "action": action,
        "icon_name": icon,
    }


@register.simple_block_tag
def privacy(content: str) -> SafeString:
    """Say, before a name is typed, who will see it."""
    return render_to_string("ui/components/privacy.html", {"content": content})


# --- things to press -------------------------------------------------------------


def phone_target(number: str) -> str:
    """Return what a phone dials: digits, with a leading + kept."""
    lead = "+" if number.strip().startswith("+") else ""
    return lead + "".join(sign for sign in number if sign.isdigit())


@register.simple_tag
def phone(
    number: str, label: object = "", kind: str = "link", note: object = ""
) -> SafeString:
    """Link a phone number; ``kind="primary"`` makes it the big button."""
    _check("phone", "kind", kind, ("link", *BUTTON_KINDS))
    return draw_phone(
        number,
        target=phone_target(number),
        label=label,
        note=note,
        kind_class=BUTTON_KINDS.get(kind, ""),
    )


@register.simple_tag
def button(
    label: object,
    url: str = "",
    kind: str = "primary",
    icon: str = "",
    icon_after: str = "",
    type: str = "submit",
    name: str = "",
    value: object = "",
    form: str = "",
    small: bool = False,
    wide: bool = False,
    describes: object = "",
) -> SafeString:
    """Draw a button, or with ``url`` a link that looks like one.

    ``describes`` is read out after the label: "Accept" + "the request in Laak".
    """
    _check("button", "kind", kind, BUTTON_KINDS)
    _check("button", "type", type, ("submit", "button", "reset"))
    return draw_button(
        label,
        url=url,
        kind_class=BUTTON_KINDS[kind],
        icon=icon,
        icon_after=icon_after,
        type=type,
        name=name,
        value=value,
        form=form,
        small=small,
        wide=wide,
        describes=describes,
    )


@register.simple_block_tag
def actions(content: str) -> SafeString:
    """Set buttons in a row that becomes a column on a phone."""
    return format_html('<div class="wp-actions">{}</div>', content)


@register.simple_tag
def action_link(
    label: object, url: str, icon: str = "arrow-right", note: object = ""
) -> SafeString:
    """Link to a next step, with an icon and room for a thumb."""
    return draw_action_link(label, url=url, icon=icon, note=note)


# --- forms -----------------------------------------------------------------------


@register.simple_tag
def field(
    bound: BoundField,
    hints: Mapping[Any, object] | None = None,
    columns: int = 1,
    prefix: object = "",
    suffix: object = "",
    width: str = "",
    optional: bool | None = None,
) -> SafeString:
    """Draw a form field with label, help, error; choices become cards for a thumb.

    ``hints`` adds a line to a choice by its value, ``columns`` sets cards beside
    each other on a wide screen (1 to 4), ``width`` is "short" or "medium".
    """
    _check("field", "columns", columns, (1, 2, 3, 4))
    _check("field", "width", width, ("", "short", "medium"))
    return draw_field(
        describe_field(
            bound,
            hints=hints or {},
            columns=columns,
            prefix=prefix,
            suffix=suffix,
            width=width,
            optional=optional,
        )
    )


@register.inclusion_tag("ui/components/error_summary.html")
def error_summary(form: BaseForm, focus: bool = True) -> dict[str, object]:
    """List at the top what must be mended, each with a link to its field.

    It takes the focus when the page appears, unless ``focus`` is False.
    """
    fields = [
        {"bound": bound, "target": find_first_control(bound)}
        for bound in (form if form.is_bound else ())
        if bound.errors
    ]
    general = form.non_field_errors() if form.is_bound else []
    return {
        "fields": fields,
        "general": general,
        "shown": bool(fields or general),
        "focus": focus,
    }


# --- lists and tables ------------------------------------------------------------


@register.simple_block_tag
def table(
    content: str, caption: object, show_caption: bool = True, cards: bool = True
) -> SafeString:
    """Frame a table: sticky header, and cards at phone width.

    Each ``td`` carries ``data-label``; figures get ``class="wp-number"``.
    """
    return draw_table(content, caption=caption, show_caption=show_caption, cards=cards)


@register.simple_tag(takes_context=True)
def column(
    context: Context,
    label: object,
    key: str = "",
    number: bool = False,
    hidden: bool = False,
    parameter: str = "sort",
) -> SafeString:
    """Head a column; with ``key`` it sorts by a link (``?sort=key``, ``-key``)."""
    request = context.get("request")
    state, url = "none", ""
    if key and request is not None:
        chosen = request.GET.get(parameter, "")
        state = {key: "ascending", f"-{key}": "descending"}.get(chosen, "none")
        query = request.GET.copy()
        query.pop("page", None)
        query[parameter] = f"-{key}" if state == "ascending" else key
        url = f"?{query.urlencode()}"
    return draw_column(label, url=url, state=state, number=number, hidden=hidden)


@register.inclusion_tag("ui/components/filter_chips.html")
def filter_chips(chips: Sequence[Chip], label: object) -> dict[str, object]:
    """Show filters as chips to switch on and off."""
    return {"chips": chips, "label": label}


@register.inclusion_tag("ui/components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any]) -> dict[str, object]:
    """Link the pages of a long list; nothing when there is only one."""
    request = context.get("request")

    def address(number: int) -> str:
        if request is None:
            return f"?page={number}"
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    entries = [
        {"number": entry, "url": address(entry) if isinstance(entry, int) else ""}
        for entry in page.paginator.get_elided_page_range(
            page.number, on_each_side=1, on_ends=1
        )
    ]
    return {
        "page": page,
        "entries": entries,
        "shown": page.paginator.num_pages > 1,
        "previous": address(page.number - 1) if page.has_previous() else "",
        "next": address(page.number + 1) if page.has_next() else "",
    }


@register.simple_block_tag
def disclosure(content: str, summary: object, open: bool = False) -> SafeString:
    """Keep what few people need behind one line."""
    return draw_disclosure(content, summary=summary, is_open=bool(open))


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """List facts: ``{% fact label %}value{% endfact %}`` inside."""
    return format_html('<dl class="wp-facts">{}</dl>', content)


@register.simple_block_tag
def fact(content: str, label: object) -> SafeString:
    """Give one fact of a list."""
    return draw_fact(label, content)


@register.simple_block_tag
def timeline(content: str) -> SafeString:
    """Tell what happened in sentences: ``{% event ... %}`` inside, newest first."""
    return format_html('<ol class="wp-timeline">{}</ol>', content)


@register.simple_block_tag(takes_context=True)
def event(
    context: Context,
    content: str,
    title: object,
    moment: datetime | None = None,
    tone: str = "",
) -> SafeString:
    """Tell one thing that happened, or with ``tone="todo"`` that is still to come."""
    _check("event", "tone", tone, ("", "todo", "good", "now"))
    said = (
        ""
        if moment is None
        else draw_moment(moment, say_moment(moment, _present(context)))
    )
    return draw_event(content, title=title, said=said, tone=tone)


@register.inclusion_tag("ui/components/steps.html")
def steps(steps: Sequence[Step], label: object) -> dict[str, object]:
    """Show where somebody is in a process."""
    number = next(
        (i for i, step in enumerate(steps, 1) if step.state == "current"), len(steps)
    )
    return {"steps": steps, "label": label, "number": number, "total": len(steps)}


@register.inclusion_tag("ui/components/progress.html")
def progress(value: float, maximum: float, label: object) -> dict[str, object]:
    """Show how far long work is."""
    return {"value": value, "maximum": maximum, "label": label}


# --- charts ----------------------------------------------------------------------


def _chart_context(
    chart: Chart, show_title: bool = True, chart_id: str = ""
) -> dict[str, object]:
    return {
        "chart": chart,
        "show_title": show_title,
        "chart_id": chart_id,
        # Made by wijkspil.ui.charts, which escapes every word.
        "wide": SafeString(chart.svg),
        "narrow": SafeString(chart.narrow_svg),
        "rows": [list(zip(chart.head, row, strict=True)) for row in chart.rows],
    }


@register.inclusion_tag("ui/components/chart.html")
def chart(
    chart: Chart, show_title: bool = True, chart_id: str = ""
) -> dict[str, object]:
    """Show a drawn chart with its numbers as a table."""
    return _chart_context(chart, show_title, chart_id)


@register.inclusion_tag("ui/components/chart.html")
def chart_bars(bars: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw bars with intervals; see ``wijkspil.ui.charts.rows.draw_bars``."""
    return _chart_context(draw_bars(bars, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_waterfall(parts: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw how causes lead from one total to another; see ``draw_waterfall``."""
    return _chart_context(draw_waterfall(parts, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_tornado(effects: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw which supposition moves the outcome most; see ``draw_tornado``."""
    return _chart_context(draw_tornado(effects, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_dots(rows: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw areas compared; see ``draw_dots``."""
    return _chart_context(draw_dots(rows, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_line(lines: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw series through time with their band; see ``draw_line``."""
    return _chart_context(draw_line(lines, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_lorenz(curves: Any, title: object, **options: Any) -> dict[str, object]:
    """Draw how evenly something is shared; see ``draw_lorenz``."""
    return _chart_context(draw_lorenz(curves, title=str(title), **options))


@register.inclusion_tag("ui/components/chart.html")
def chart_funnel(
    points: Any, limits: Any, title: object, **options: Any
) -> dict[str, object]:
    """Draw values against how many they rest on; see ``draw_funnel``."""
    return _chart_context(draw_funnel(points, limits, title=str(title), **options))


# --- map -------------------------------------------------------------------------


@register.inclusion_tag("ui/components/area_map.html")
def area_map(
    source: str,
    label: object,
    categories: Sequence[MapCategory] = (),
    table_id: str = "",
    height: str = "medium",
    states: Mapping[str, Mapping[str, object]] | None = None,
    area_url: str = "",
) -> dict[str, object]:
    """Draw areas and points from a GeoJSON address beside an equal table.

    Feature properties: ``name``, ``category``, and optionally ``text`` (popup),
    ``url`` (popup link), ``code`` (ties the area to ``data-map-area`` in the table),
    ``label`` (word on the map; default ``name``). ``table_id`` is the id of the table
    with the same contents.

    With ``states`` (properties by ``code``) the page says what each area means, the
    address gives shapes only, and areas that are not in it are left out: such shapes
    can be kept by a browser. The address may also give what ``wijkspil.ui.shapes``
    writes. ``area_url`` is the address of an area with ``{code}`` in it.
    """
    for category in categories:
        _check("area_map", "category", category.key, MAP_CATEGORIES)
    _check("area_map", "height", height, ("small", "medium", "large"))
    return {
        "source": source,
        "label": label,
        "categories": categories,
        "table_id": table_id,
        "height": height,
        "states": states,
        "area_url": area_url,
        "states_id": "" if states is None else f"{table_id or 'map'}-states",
    }
