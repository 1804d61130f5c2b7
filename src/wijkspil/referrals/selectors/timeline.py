"""Reading what happened to a request, which teams were asked, and who has it."""

from collections.abc import Iterable

from wijkspil.directory.selectors.care_teams import get_service_names


def team_names(service_ids: Iterable[int | None]) -> dict[int, str]:
    """Return service id -> name of the team (one query)."""
    known = {pk for pk in service_ids if pk is not None}
    return {pk: name for pk, (name, *_rest) in get_service_names(known).items()}
