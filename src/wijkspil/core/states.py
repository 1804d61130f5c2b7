"""Draw a table of transitions, so that a diagram never differs from the rules."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import TypeVar

_State = TypeVar("_State", bound=Enum)


def draw_states(
    transitions: Mapping[str, Mapping[_State, _State]],
    first: _State,
    *,
    first_act: str = "",
    reopening: Collection[str] = (),
) -> str:
    """Return the states and transitions as a Mermaid state diagram.

    Parameters
    ----------
    transitions
        Act -> {state before: state after}.
    first
        The state in which everything begins.
    first_act
        The act by which it begins, when it has a name.
    reopening
        Acts that lead out of an end; a state that only they leave is an end.
    """
    leaves = {
        before
        for act, moves in transitions.items()
        if act not in reopening
        for before in moves
    }
    label = f": {first_act}" if first_act else ""
    return "\n".join(
        [
            "stateDiagram-v2",
            f"    [*] --> {_name(first)}{label}",
            *(
                f"    {_name(before)} --> {_name(after)}: {act}"
                for act, moves in transitions.items()
                for before, after in moves.items()
            ),
            *(
                f"    {_name(state)} --> [*]"
                for state in type(first)
                if state not in leaves
            ),
            "",
        ]
    )


def _name(state: Enum) -> str:
    return state.name.lower()
