"""Roles, and the actor: who acts, in which roles, over what."""

from dataclasses import dataclass, field

from django.db import models
from django.utils.translation import gettext_lazy as _

from wijkspil.core.permissions import Permission, Scope


class Role(models.TextChoices):
    """What a person comes to do. A resident needs no account."""

    RESIDENT = "resident", _("Resident")
    REFERRER = "referrer", _("Referrer")
    TEAM_MEMBER = "team-member", _("Team member")
    PROVIDER_MANAGER = "provider-manager", _("Provider manager")
    COORDINATOR = "coordinator", _("Regional coordinator")
    DIRECTORY_EDITOR = "directory-editor", _("Directory editor")
    INSURER = "insurer", _("Insurer")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")
    PROVIDER_SYSTEM = "provider-system", _("Provider's own system")
    TRIAGE = "triage", _("Alarm center or triage")
    NURSE_REPRESENTATIVE = "nurse-representative", _("Representative of nurses")
    REFERRER_REPRESENTATIVE = (
        "referrer-representative",
        _("Representative of referrers"),
    )
    PRIVACY_OFFICER = "privacy-officer", _("Privacy officer")
    PRACTICE_MANAGER = "practice-manager", _("Practice manager (GP)")
    GP_COORDINATOR = "gp-coordinator", _("GP organization of the region (RHO)")
    ANALYST = "analyst", _("Analyst of the region (RESV)")


@dataclass(frozen=True)
class Grant:
    """One role of an actor with the thing it is bound to (ids, or None)."""

    role: Role
    organization_id: int | None = None
    service_id: int | None = None
    region_id: int | None = None


@dataclass(frozen=True)
class Target:
    """Where an act lands: ids of the service, its organization and its regions."""

    service_id: int | None = None
    organization_id: int | None = None
    region_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Actor:
    """Who acts. ``user_id`` is empty for a visitor and for a machine.

    ``scopes`` limits what a machine may ask for; None is no limit beside its roles.
    """

    user_id: int | None = None
    label: str = "visitor"
    grants: tuple[Grant, ...] = field(default=(Grant(Role.RESIDENT),))
    scopes: frozenset[str] | None = None

    @property
    def is_professional(self) -> bool:
        """Whether any role is more than resident."""
        return any(grant.role != Role.RESIDENT for grant in self.grants)

    @property
    def roles(self) -> frozenset[Role]:
        """All roles of the actor."""
        return frozenset(grant.role for grant in self.grants)

    def is_still(self, user_id: int | None, *, organization_id: int | None) -> bool:
        """Whether the actor is this person, and still has a role in that organization.

        For what a person made for an organization: who has left it follows it no more.
        """
        return (
            user_id is not None
            and self.user_id == user_id
            and (
                organization_id is None
                or any(
                    grant.organization_id == organization_id for grant in self.grants
                )
            )
        )

    def holds(self, permission: Permission, target: Target | None = None) -> bool:
        """Whether a role grants ``permission`` on ``target``.

        Without a target only the permission as such is asked ("somewhere").
        """
        return any(
            _reaches(permission.grants[grant.role], grant, target)
            for grant in self.grants
            if grant.role in permission.grants
        )


def _reaches(scope: Scope, grant: Grant, target: Target | None) -> bool:
    if target is None or scope is Scope.EVERYWHERE:
        return True
    if scope is Scope.REGION:
        return grant.region_id is not None and grant.region_id in target.region_ids
    if scope is Scope.ORGANIZATION:
        return (
            grant.organization_id is not None
            and grant.organization_id == target.organization_id
        )
    return grant.service_id is not None and grant.service_id == target.service_id


VISITOR = Actor()
