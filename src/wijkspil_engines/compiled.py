"""Which functions of an engine are compiled, and how?

Loading numba takes half a second and compiling, once per machine, some ten: import
what is compiled only where a batch is solved or nights are simulated, never to rank
or choose once.
"""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile at the first call, keep the result on disk, run without the lock."""
    try:
        made = numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:  # No folder to keep it in: compile in each process.
        made = numba.njit(nogil=True)(function)
    return cast("_Function", made)
