"""Set the scene for a day and a night: four teams with room, two nurses on duty.

Run as a process of its own on the site's database (``python -m tests.e2e.stage_day
MOMENT POSTCODE``); prints what the journey needs as JSON. Only data is made; what
happens is played in the browser.
"""

import json
import sys
from datetime import datetime, timedelta
from typing import Any

import django

PASSWORD = "wijkspil-demo"


def main() -> None:
    django.setup()
    from django.db.models import Q

    from wijkspil.accounts.models import User
    from wijkspil.accounts.services import create_user, grant_role
    from wijkspil.accounts.types import Role
    from wijkspil.directory.models import (
        Area,
        CapacityReport,
        DutyPeriod,
        HealthcareService,
        Organization,
    )
    from wijkspil.directory.selectors.care_teams import (
        get_care_place,
        list_teams_around,
    )
    from wijkspil.directory.types import Care, CareTask, PartOfDay
    from wijkspil.referrals.models import PolicyVersion

    at, postcode = datetime.fromisoformat(sys.argv[1]), sys.argv[2]
    place = get_care_place(postcode)
    assert place.wijk_id is not None
    around = list_teams_around(place.id, care=Care.DISTRICT_NURSING, at=at)
    able = [
        team
        for team in around
        if {"stockings", "medication"} <= set(team.tasks)
        and "zvw" in team.care_laws
        and not team.is_region_wide
    ]
    own = next(team for team in able if team.is_own)
    others = [team for team in able if team.organization_id != own.organization_id]
    teams = {team.organization_id: team for team in reversed(others)}
    chosen = [own, *list(teams.values())[:3]]
    assert len(chosen) == 4, "the invented region has too few providers here"
    for team in around:
        has_room = team in chosen
        CapacityReport.objects.create(
            service_id=team.service_id,
            new_clients=2 if has_room else 0,
            size_band="any" if has_room else "",
            parts_of_day=list(PartOfDay.values) if has_room else [],
            no_room_reason="" if has_room else "full",
            reported_at=at,
            valid_until=at + timedelta(days=3),
            source="generated",
            reporter_label="e2e",
        )
    PolicyVersion.objects.create(
        region_id=place.region_id,
        number=1,
        status="approved",
        terms={
            "teams_at_once": {"tomorrow": 1},
            "answer_minutes": {"tomorrow": 60},
            "reach_name": "De coördinator van dienst",
            "reach_phone": "088 000 99 11",
        },
        made_by_name="Femke Vuurtorens",
        made_at=at - timedelta(days=2),
        effective_from=at - timedelta(days=1),
    )

    def make_user(email: str, name: str, role: Role, **bound_to: Any) -> str:
        if not User.objects.filter(email=email).exists():
            grant_role(
                user_id=create_user(
                    email=email, name=name, password=PASSWORD, is_fictional=True
                ),
                role=role,
                valid_from=at - timedelta(days=3),
                **bound_to,
            )
        return email

    hospital = Organization.objects.filter(type="hospital").first()
    assert hospital is not None
    transfer = make_user(
        "transfer-dag@example.nl",
        "Tineke Overdracht",
        Role.REFERRER,
        organization_id=hospital.pk,
    )
    names = ("Aukje Eerste", "Bram Tweede", "Carla Derde", "Daan Vierde")
    nurses = {
        team.service_id: make_user(
            f"dag-{number}@example.nl",
            name,
            Role.TEAM_MEMBER,
            organization_id=team.organization_id,
            service_id=team.service_id,
        )
        for number, (team, name) in enumerate(zip(chosen, names, strict=True))
    }

    # The night after: two nurses of two providers, and nobody else.
    evening = at.replace(hour=23, minute=0, second=0, microsecond=0)
    night = (evening, evening + timedelta(hours=8))
    DutyPeriod.objects.filter(
        care=Care.DISTRICT_NURSING, valid_from__lt=night[1], valid_until__gt=night[0]
    ).delete()
    wijk = Area.objects.get(pk=place.wijk_id)
    on_duty = {}
    for rank, (team, name) in enumerate(
        zip(chosen[:2], ("Noor Nachtegaal", "Otto Uilenburg"), strict=True), start=1
    ):
        HealthcareService.objects.filter(pk=team.service_id).update(
            tasks=[task.value for task in CareTask]
        )
        DutyPeriod.objects.create(
            service_id=team.service_id,
            area=wijk,
            care=Care.DISTRICT_NURSING,
            rank=rank,
            person_name=name,
            phone=f"06 9900000{rank}",
            valid_from=night[0],
            valid_until=night[1],
        )
        on_duty[team.service_id] = make_user(
            f"nacht-{rank}@example.nl",
            name,
            Role.TEAM_MEMBER,
            organization_id=team.organization_id,
            service_id=team.service_id,
        )
    assert not DutyPeriod.objects.filter(
        Q(service__care=Care.DISTRICT_NURSING) & ~Q(area=wijk),
        valid_from__lt=night[1],
        valid_until__gt=night[0],
    ).exists()
    json.dump(
        {
            "region": place.region_id,
            "transfer": transfer,
            "nurses": nurses,
            "on_duty": on_duty,
            "own_organization": own.organization_name,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
