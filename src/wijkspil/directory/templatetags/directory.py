"""Words of the directory in templates."""

from datetime import datetime

from django import template

from wijkspil.directory.wording import say_full_moment

register = template.Library()


@register.filter
def day_only(moment: datetime) -> str:
    """Say a local moment as its day, with the clock when it is not midnight."""
    return say_full_moment(moment)
