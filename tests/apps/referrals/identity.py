"""Look for the client's identity in whatever is stored."""

import re
from typing import Any

from django.apps import apps
from django.db.models import Model

from tests.factories.referrals import PATIENT
from wijkspil.directory.models import CapacityReservation

#: Words that say who the client is; none may be outside the table of patients.
IDENTITY = (
    "Cliëntsma",
    "Geertruida",
    "Geheimlaan",
    "5550 0711",
    "Mantelzorgstra",
    "5550 0722",
    "Praktijkveld",
    "1943-02-03",
    "date(1943, 2, 3)",
)


def everything_stored() -> dict[str, list[Any]]:
    """Return every row of the context, of the trail, and the room that is taken."""
    models: list[type[Model]] = [
        *apps.get_app_config("referrals").get_models(),
        apps.get_model("core", "AuditEvent"),
        CapacityReservation,
    ]
    return {
        model.__name__: sorted(model._default_manager.values_list(), key=repr)
        for model in models
    }


def tables_with_identity() -> set[str]:
    """Return the tables in which a word of the client's identity is found."""
    assert PATIENT.name.split()[1] in IDENTITY
    pattern = re.compile("|".join(map(re.escape, IDENTITY)))
    return {
        name for name, rows in everything_stored().items() if pattern.search(repr(rows))
    }
