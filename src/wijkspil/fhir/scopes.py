"""What a token's scopes let a system do: SMART App Launch 2.2, ``system/Type.cruds``.

A scope narrows, it never widens: what the organization of the token may see and change
decide the permissions of each room. The letters of version 1 (read, write, *) are
understood as well.
"""

from collections.abc import Collection
from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import refuse
from wijkspil.fhir.types import Call

_LETTERS_OF_WORD = {"read": "rs", "write": "cud", "*": "cruds"}

#: Letter that an interaction takes; ``batch`` is checked entry by entry.
_LETTER = {
    "read": "r",
    "vread": "r",
    "history-instance": "r",
    "history-type": "rs",
    "history-system": "rs",
    "search-type": "s",
    "search-system": "s",
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
    # Asks and tells, changes nothing.
    "$check-room": "r",
    "$document": "r",
}
#: Open to everybody, with whatever token.
_FREE = frozenset({"capabilities", "batch"})


def check_scope(call: Call, interaction: str) -> None:
    """Check that the token's scopes reach this interaction.

    Raises
    ------
    FhirError
        403 with the scope that is missing.
    """
    scopes = call.actor.scopes
    if scopes is None or interaction in _FREE:
        return
    needed = _LETTER.get(interaction, "u")
    type_ = call.type or "*"
    if not set(needed) <= letters_for(scopes, type_):
        raise refuse(
            HTTPStatus.FORBIDDEN,
            "forbidden",
            gettext_noop("The token lacks the scope “%(scope)s”."),
            headers=[("WWW-Authenticate", 'Bearer error="insufficient_scope"')],
            scope=f"system/{type_}.{needed}",
        )


def letters_for(scopes: Collection[str], type_: str) -> set[str]:
    """Return the letters of ``cruds`` that scopes give for a type."""
    letters: set[str] = set()
    for scope in scopes:
        context, _slash, rest = scope.partition("/")
        of_type, _dot, word = rest.partition(".")
        if context == "system" and of_type in {"*", type_}:
            letters |= set(_LETTERS_OF_WORD.get(word, word.partition("?")[0]))
    return letters
