"""What was said to whom, as tests ask it."""

from typing import Any

from django.apps import apps


def messages_about(number: str, topic: str = "") -> list[Any]:
    """Return the messages about a request in the order they were made."""
    rows = apps.get_model("communications", "Communication").objects.filter(
        about=f"request:{number}"
    )
    if topic:
        rows = rows.filter(topic=f"referrals.{topic}")
    return list(rows.order_by("created_at", "topic", "pk"))


def told_services(number: str, topic: str) -> set[int]:
    """Return the teams that were told a topic."""
    return {row.to_service_id for row in messages_about(number, topic)} - {None}


def told_users(number: str, topic: str) -> set[int]:
    """Return the people that were told a topic."""
    return {row.to_user_id for row in messages_about(number, topic)} - {None}
