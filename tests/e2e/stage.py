"""Set the scene for a journey: who works where, and which teams have room.

Run as a process of its own on the site's database (``python -m tests.e2e.stage ROOM
POSTCODE``, ROOM is ``two`` or ``none``); prints what a journey needs as JSON.
"""

import json
import sys
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from django.utils import timezone

    from wijkspil.accounts.models import User
    from wijkspil.accounts.services import create_user, grant_role
    from wijkspil.accounts.types import Role
    from wijkspil.directory.models import CapacityReport, Organization
    from wijkspil.directory.selectors.care_teams import (
        get_care_place,
        list_teams_around,
    )
    from wijkspil.directory.types import Care, PartOfDay

    room, postcode = sys.argv[1:3]
    now = timezone.now()
    place = get_care_place(postcode)
    teams = list_teams_around(place.id, care=Care.DISTRICT_NURSING, at=now)
    able = [
        team
        for team in teams
        if {"stockings", "medication"} <= set(team.tasks)
        and "zvw" in team.care_laws
        and not team.is_region_wide
    ]
    first = next(team for team in able if team.is_own)
    second = next(
        team
        for team in able
        if not team.is_own and team.organization_id != first.organization_id
    )
    for team in teams:
        places = 2 if room == "two" and team in (first, second) else 0
        CapacityReport.objects.create(
            service_id=team.service_id,
            new_clients=places,
            size_band="any" if places else "",
            parts_of_day=list(PartOfDay.values) if places else [],
            no_room_reason="" if places else "full",
            reported_at=now,
            valid_until=now + timedelta(days=3),
            source="generated",
            reporter_label="e2e",
        )
    hospital = Organization.objects.filter(type="hospital").first()
    assert hospital is not None
    people = {
        "nurse": ("transfer@example.nl", "Tineke Overdracht", Role.REFERRER),
        "first": ("eerste@example.nl", "Aukje Eerste", Role.TEAM_MEMBER),
        "second": ("tweede@example.nl", "Bram Tweede", Role.TEAM_MEMBER),
    }
    bound = {"first": first, "second": second}
    for key, (email, name, role) in people.items():
        if User.objects.filter(email=email).exists():
            continue
        works_in = bound.get(key)
        grant_role(
            user_id=create_user(
                email=email, name=name, password="wijkspil-demo", is_fictional=True
            ),
            role=role,
            organization_id=works_in.organization_id if works_in else hospital.pk,
            service_id=works_in.service_id if works_in else None,
            valid_from=now - timedelta(days=1),
        )
    json.dump(
        {
            "first": {"name": first.name, "service": first.service_id},
            "second": {"name": second.name, "service": second.service_id},
            **{f"{key}_email": email for key, (email, _n, _r) in people.items()},
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
