"""From columns with text ids to rows, fast: the costs of a country are millions of ids.

A column is a numpy array, a list, or a Series of pandas or polars. In a table that was
read or made with repetition the same id is mostly the same Python object: then its
address is looked up instead of its text, which needs no hashing of text at all.
"""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows whose id is not known.
UNKNOWN = -1


def texts_of(column: Any) -> Any:
    """Return a column of ids as an array of objects or as a polars Series."""
    if type(column).__module__.partition(".")[0] == "polars":
        import polars

        return column.cast(polars.String)
    array = np.asarray(column)
    if array.dtype != object:
        array = array.astype(np.str_).astype(object)
    return np.ascontiguousarray(array)


def ids_of(column: Any) -> tuple[str, ...]:
    """Return a column of ids as texts; what is no text becomes one."""
    return tuple(each if type(each) is str else str(each) for each in texts_of(column))


def numbers_of(column: Any) -> NDArray[np.float64]:
    """Return a column of numbers, without a copy where it can be.

    Raises
    ------
    ValueError, TypeError
        If a value is no number.
    """
    if hasattr(column, "to_numpy"):
        column = column.to_numpy()
    numbers: NDArray[np.float64] = np.ascontiguousarray(column, dtype=np.float64)
    return numbers


def rows_of(ids: Any, known: Sequence[str]) -> NDArray[np.int32]:
    """Return for each id its place in ``known``, or ``UNKNOWN``.

    Parameters
    ----------
    ids
        As ``texts_of`` returns it, (p,).
    known
        Different texts.
    """
    row_of = {each: row for row, each in enumerate(known)}
    if not isinstance(ids, np.ndarray):
        return _rows_by_text(ids, known, row_of)
    if ids.size == 0:
        return np.empty(0, np.int32)
    from wijkspil_engines.access.kernels import number_addresses

    most = 2 * len(known) + 64
    number = np.empty(ids.size, np.int32)
    first = np.empty(max(most, ids.size // 2) + 1, np.int64)
    n_found = number_addresses(_addresses(ids), most, number, first)
    if n_found < 0:
        rows = np.fromiter(
            map(row_of.get, ids.tolist(), repeat(UNKNOWN)), np.int32, count=ids.size
        )
        for row in np.flatnonzero(rows == UNKNOWN):
            rows[row] = _row_of(row_of, ids[row])
        return rows
    found = ids[first[:n_found]]
    rows = np.fromiter((_row_of(row_of, each) for each in found), np.int32, n_found)
    if n_found == len(known) and (rows == np.arange(n_found)).all():
        return number
    taken: NDArray[np.int32] = rows.take(number)
    return taken


def _row_of(row_of: Mapping[str, int], each: object) -> int:
    row = row_of.get(each, UNKNOWN)  # type: ignore[call-overload]
    if row == UNKNOWN and not isinstance(each, str):
        return row_of.get(str(each), UNKNOWN)
    return int(row)


def _addresses(ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the addresses of the objects of an array; valid as long as it lives."""
    import ctypes

    start = ids.__array_interface__["data"][0]
    buffer = (ctypes.c_int64 * ids.size).from_address(start)
    return np.ctypeslib.as_array(buffer)


def _rows_by_text(
    ids: Any, known: Sequence[str], row_of: Mapping[str, int]
) -> NDArray[np.int32]:
    import polars

    coded = ids.cast(polars.Enum(list(row_of)), strict=False).to_physical()
    rows: NDArray[np.int32] = (
        coded.cast(polars.Int32).fill_null(UNKNOWN).to_numpy().astype(np.int32)
    )
    return rows
