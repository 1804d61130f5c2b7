"""Filters of the public pages: ``{% load portal %}``."""

from datetime import datetime
from typing import Literal

from django import template
from django.utils.translation import get_language

from wijkspil.directory.room import RoomReport
from wijkspil.directory.signposts.types import LocalizedText, Signpost
from wijkspil.directory.wording import say_capacity
from wijkspil.portal.signposts import find_own_page
from wijkspil.portal.tiles import Tile
from wijkspil.ui.moments import say_exactly

register = template.Library()


@register.filter
def localized(text: LocalizedText) -> str:
    """Return a text of a data file in the language of the page."""
    language: Literal["nl", "en"] = (
        "en" if (get_language() or "nl").startswith("en") else "nl"
    )
    return text.in_language(language)


@register.filter
def spaced_postcode(postcode: str) -> str:
    """Write a PC6 as people do: 2512 AB."""
    return f"{postcode[:4]} {postcode[4:]}".strip()


@register.filter
def room_words(report: RoomReport) -> str:
    """Say what a team can take: "2 new clients, morning, up to 5 hours a week"."""
    return say_capacity(report)


@register.filter
def exactly_said(moment: datetime) -> str:
    """Return the full date and time in words."""
    return say_exactly(moment)


@register.simple_tag
def own_page(signpost: Signpost, postcode: str) -> Tile | None:
    """Return the page of this site that answers a signpost, if it has one."""
    return find_own_page(signpost, postcode)
