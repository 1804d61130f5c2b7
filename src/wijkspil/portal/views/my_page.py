"""My page: what you can do here, and one clear next step."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from wijkspil.accounts.requests import get_request_actor
from wijkspil.portal.tiles import (
    ALLIANCES,
    FIND_GP,
    GP_ACCESS,
    NEXT_STEP,
    ROLE_WORDS,
    SIGNPOSTS,
    WHO_HELPS_AT_WORK,
    WORK_PAGES,
    list_usable,
    make_tiles,
)


@require_safe
@login_required
def show_my_page(request: HttpRequest) -> HttpResponse:
    """Show the roles somebody holds now and the pages that go with them."""
    actor = get_request_actor(request)
    roles = [role for role in NEXT_STEP if role in actor.roles]
    # The first of these pages that this site has and this person may use.
    steps = (*(NEXT_STEP[role] for role in roles), WHO_HELPS_AT_WORK, SIGNPOSTS)
    first = make_tiles(list_usable(steps, actor=actor))[0]
    others = make_tiles(
        list_usable(
            (
                WHO_HELPS_AT_WORK,
                *WORK_PAGES,
                *(SIGNPOSTS, ALLIANCES, FIND_GP, GP_ACCESS),
            ),
            actor=actor,
        )
    )
    return render(
        request,
        "portal/my_page.html",
        {
            "roles": [(role.label, ROLE_WORDS[role]) for role in roles],
            "first": first,
            "tiles": [tile for tile in others if tile.url != first.url],
        },
    )
