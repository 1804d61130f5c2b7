"""Every role x permission x state, walked from the catalogue: deny by default."""

import itertools
from importlib import import_module

import pytest

from wijkspil.accounts.types import Actor, Grant, Role, Target
from wijkspil.core.permissions import Permission, Scope, list_permissions
from wijkspil.directory import permissions as directory_permissions

import_module("wijkspil.config.urls")  # every room declares its permissions

OWN = Grant(
    Role.RESIDENT, organization_id=1, service_id=11, region_id=101
)  # the role is replaced below
#: state of the target, seen from an actor bound to 1 / 11 / 101
STATES = {
    "own service": Target(
        service_id=11, organization_id=1, region_ids=frozenset({101})
    ),
    "sister service": Target(
        service_id=12, organization_id=1, region_ids=frozenset({101})
    ),
    "same region, other organization": Target(
        service_id=21, organization_id=2, region_ids=frozenset({101, 102})
    ),
    "own organization, other region": Target(
        service_id=13, organization_id=1, region_ids=frozenset({103})
    ),
    "elsewhere": Target(service_id=31, organization_id=3, region_ids=frozenset({103})),
    "nowhere": Target(),
}
REACH = {
    Scope.SERVICE: {"own service"},
    Scope.ORGANIZATION: {
        "own service",
        "sister service",
        "own organization, other region",
    },
    Scope.REGION: {
        "own service",
        "sister service",
        "same region, other organization",
    },
    Scope.EVERYWHERE: set(STATES),
}


def actor_in(role: Role) -> Actor:
    """Return an actor with one role, bound to service 11 of organization 1."""
    return Actor(
        user_id=1,
        label="test",
        grants=(
            Grant(
                role,
                organization_id=OWN.organization_id,
                service_id=OWN.service_id,
                region_id=OWN.region_id,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("permission", "role", "state"),
    [
        pytest.param(p, r, s, id=f"{p.code}-{r.value}-{s}")
        for p, r, s in itertools.product(list_permissions(), Role, STATES)
    ],
)
def test_a_role_reaches_what_the_catalogue_says(
    permission: Permission, role: Role, state: str
) -> None:
    expected = role in permission.grants and state in REACH[permission.grants[role]]
    assert actor_in(role).holds(permission, STATES[state]) is expected


#: All that somebody without an account may do, besides reading public pages.
OPEN_TO_VISITORS = {"referrals.create-request"}


@pytest.mark.parametrize("permission", list_permissions(), ids=lambda p: p.code)
def test_a_visitor_holds_only_what_is_open_by_name(permission: Permission) -> None:
    is_open = permission.code in OPEN_TO_VISITORS
    assert Actor().holds(permission) is is_open
    for target in STATES.values():
        assert Actor().holds(permission, target) is is_open


@pytest.mark.parametrize("permission", list_permissions(), ids=lambda p: p.code)
def test_a_role_bound_to_nothing_reaches_only_everywhere(
    permission: Permission,
) -> None:
    for role, scope in permission.grants.items():
        unbound = Actor(user_id=1, grants=(Grant(Role(role)),))
        reached = {s for s, t in STATES.items() if unbound.holds(permission, t)}
        assert reached == (set(STATES) if scope is Scope.EVERYWHERE else set())


def test_checks_come_in_pairs() -> None:
    names = vars(directory_permissions)
    checks = {n.removeprefix("check_") for n in names if n.startswith("check_can_")}
    answers = {n for n in names if n.startswith("can_")}
    assert checks == answers
    assert len(checks) >= 10


def test_a_refusal_raises_with_a_way_on() -> None:
    from wijkspil.core.errors import NotPermitted

    with pytest.raises(NotPermitted, match="team"):
        directory_permissions.check_can_report_capacity(
            actor_in(Role.INSURER), STATES["own service"]
        )
