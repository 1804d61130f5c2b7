"""Say which directories are copied here, and which are told of our own resources.

Only an administrator of the machine does (the command line): an address may lead
anywhere, and what is copied is shown here.
"""

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from wijkspil.communications.outside import check_url
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.core.sealing import seal
from wijkspil.fhir.models import FollowedDirectory, UpstreamDirectory
from wijkspil.fhir.types import DirectoryType

#: What the national directory has; organizations first, for the rest refers to them.
COPIED_TYPES = (
    DirectoryType.ORGANIZATION,
    DirectoryType.ENDPOINT,
    DirectoryType.LOCATION,
    DirectoryType.HEALTHCARE_SERVICE,
    DirectoryType.ORGANIZATION_AFFILIATION,
)
SENT_TYPES = COPIED_TYPES[:-1]


def follow(
    *,
    address: str,
    secret: str | None = None,
    types: Sequence[str] = (),
    page_size: int | None = None,
    overlap_s: int | None = None,
) -> FollowedDirectory:
    """Copy a directory from now on; given again, only what is given changes.

    ``secret`` is its bearer token; "" takes that away.

    Raises
    ------
    InvalidAddress, InvalidValue
        If the address or a type is none.
    """
    values = _values(address, secret, types)
    if page_size is not None:
        values["page_size"] = page_size
    if overlap_s is not None:
        values["overlap_s"] = overlap_s
    directory, _is_new = FollowedDirectory.objects.update_or_create(
        address=address.rstrip("/"),
        defaults=values | {"is_active": True, "next_at": None},
        create_defaults={"types": list(COPIED_TYPES)} | values,
    )
    return directory


def stop_following(*, address: str) -> None:
    """Copy a directory no longer; what was copied stays as it is.

    Raises
    ------
    NotFound
        If it is not followed.
    """
    if not FollowedDirectory.objects.filter(address=address.rstrip("/")).update(
        is_active=False
    ):
        raise NotFound(_("%(address)s is not followed.") % {"address": address})


def load_again(*, address: str) -> None:
    """Load a directory from the beginning; what it no longer has ends here.

    Raises
    ------
    NotFound
        If it is not followed.
    """
    from django.db.models import F

    directory = FollowedDirectory.objects.filter(address=address.rstrip("/")).first()
    if directory is None:
        raise NotFound(_("%(address)s is not followed.") % {"address": address})
    directory.states.update(stamp="", next_stamp="", next_url="", load=F("load") + 1)
    for state in directory.states.all():
        state.arrived.all().delete()


def tell(
    *, address: str, secret: str | None = None, types: Sequence[str] = ()
) -> UpstreamDirectory:
    """Tell a directory of our own resources from now on; otherwise as ``follow``."""
    values = _values(address, secret, types)
    directory, _is_new = UpstreamDirectory.objects.update_or_create(
        address=address.rstrip("/"),
        # All is looked at again: what it has already is not sent twice.
        defaults=values | {"is_active": True, "next_at": None, "pushed_tick": 0},
        create_defaults={"types": list(SENT_TYPES)} | values,
    )
    return directory


def stop_telling(*, address: str) -> None:
    """Tell a directory no more.

    Raises
    ------
    NotFound
        If it was not told.
    """
    if not UpstreamDirectory.objects.filter(address=address.rstrip("/")).update(
        is_active=False
    ):
        raise NotFound(_("%(address)s is not told of ours.") % {"address": address})


def _values(
    address: str, secret: str | None, types: Sequence[str]
) -> dict[str, object]:
    check_url(address, allow_private=settings.WEBHOOK_PRIVATE)
    known = [one.value for one in DirectoryType]
    unknown = [one for one in types if one not in known]
    if unknown:
        raise InvalidValue(
            _("%(types)s: a directory has %(known)s.")
            % {"types": ", ".join(unknown), "known": ", ".join(known)},
            field="types",
        )
    values: dict[str, object] = {}
    if secret is not None:
        values["secret"] = seal(secret) if secret else None
    if types:
        values["types"] = list(types)
    return values
