"""What every page needs to know about who looks at it."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, object]:
    """Return the menu entries this visitor may use."""
    return {"menu": []}
