"""The files that hold all the data of a report, with their codebook.

Import it where files are written and not sooner: polars starts threads, and a process
with threads is not to be copied, as the site does for each worker.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.data_wording import say_assumption, say_data, say_source
from wijkspil.insight.services.picture import AreaLabel, Picture
from wijkspil.insight.types import FigureRow, Indicator

#: Columns of the figures: name, what it holds (English msgid), unit or form.
COLUMNS = (
    ("indicator", gettext_noop("What the figure is; see the codebook."), "code"),
    (
        "scenario",
        gettext_noop("Empty: today. Else its scenario."),
        "code",
    ),
    ("area_kind", gettext_noop("Kind of area."), "code"),
    ("area_code", gettext_noop("Code of the area."), "code"),
    ("area_name", gettext_noop("Name of the area."), "text"),
    ("valid_from", gettext_noop("First day it is about."), "YYYY-MM-DD"),
    ("valid_until", gettext_noop("Day after the last it is about."), "YYYY-MM-DD"),
    ("part_of_day", gettext_noop("Part of the day; empty: the whole day."), "code"),
    ("value", gettext_noop("The figure; empty: not known or withheld."), "number"),
    ("low", gettext_noop("Lower bound of the 80 % interval."), "number"),
    ("high", gettext_noop("Upper bound of the 80 % interval."), "number"),
    ("numerator", gettext_noop("What is counted."), "number"),
    ("denominator", gettext_noop("Over how many it is counted."), "number"),
    ("is_withheld", gettext_noop("Over too few people to show."), "true or false"),
    ("source", gettext_noop("Where it comes from."), "text"),
)
_TEXT_COLUMNS = (
    "indicator", "scenario", "area_kind", "area_code", "area_name", "part_of_day",
    "source",
)  # fmt: skip


def figure_frame(picture: Picture) -> pl.DataFrame:
    """Return all figures of a picture as a table with ``COLUMNS``."""
    parts: list[tuple[str, Sequence[FigureRow]]] = [("", picture.figures)]
    parts += [(name, each.figures) for name, each in picture.projections.items()]
    tables = [_frame(rows, name, picture.areas) for name, rows in parts]
    return pl.concat(tables).with_columns(
        pl.col(name).cast(pl.Categorical) for name in ("indicator", "area_kind")
    )


def write_dataset(picture: Picture, out: Path) -> list[Path]:
    """Write all data of a picture in a folder that is there; return the files.

    ``figures.csv`` and ``figures.parquet`` (the same rows), ``codebook.csv`` and
    ``.md``, ``assumptions.csv``, ``comparisons.csv``, ``causes.csv``,
    ``parameters.csv`` and ``run.json`` with seed, versions and hashes of the input.
    CSV is UTF-8 with commas and decimal points. The same picture gives the same bytes.
    """
    table = figure_frame(picture)
    files = {
        "figures.csv": _csv_of(table),
        "figures.parquet": _parquet_of(table),
        "codebook.csv": _csv_of(_codebook(picture)),
        "codebook.md": _codebook_text(picture).encode(),
        "assumptions.csv": _csv_of(
            _rows_frame(
                ("key", "text", "source", "status"),
                [
                    (a.key, say_assumption(a), say_source(a.source), a.status)
                    for a in picture.assumptions
                ],
            )
        ),
        "comparisons.csv": _csv_of(_comparisons(picture)),
        "causes.csv": _csv_of(_causes(picture)),
        "parameters.csv": _csv_of(_parameters(picture)),
        "run.json": _run_of(picture),
    }
    made = []
    for name, content in files.items():
        path = out / name
        path.write_bytes(content)
        made.append(path)
    return made


def _frame(
    rows: Sequence[FigureRow], scenario: str, areas: Mapping[str, AreaLabel]
) -> pl.DataFrame:
    labels = [areas.get(row.area_code) for row in rows]
    sources = {source: say_source(source) for source in {row.source for row in rows}}
    columns: dict[str, Any] = {
        "indicator": [row.indicator for row in rows],
        "scenario": [scenario] * len(rows),
        "area_kind": ["" if label is None else label.kind for label in labels],
        "area_code": [row.area_code for row in rows],
        "area_name": ["" if label is None else label.name for label in labels],
        "valid_from": [row.valid_from for row in rows],
        "valid_until": [row.valid_until for row in rows],
        "part_of_day": [row.part_of_day for row in rows],
        "value": [row.value for row in rows],
        "low": [row.low for row in rows],
        "high": [row.high for row in rows],
        "numerator": [row.numerator for row in rows],
        "denominator": [row.denominator for row in rows],
        "is_withheld": [row.is_withheld for row in rows],
        "source": [sources[row.source] for row in rows],
    }
    numbers = ("value", "low", "high", "numerator", "denominator")
    schema: dict[str, Any] = dict.fromkeys(_TEXT_COLUMNS, pl.String)
    schema |= dict.fromkeys(numbers, pl.Float64)
    schema |= {"valid_from": pl.Date, "valid_until": pl.Date, "is_withheld": pl.Boolean}
    return pl.DataFrame(columns, schema={name: schema[name] for name in columns})


def _csv_of(table: pl.DataFrame) -> bytes:
    """Return a table as CSV; a text that a spreadsheet would run is kept from it."""
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    safe = table.with_columns(
        pl.when(pl.col(name).str.contains(r"^[=+\-@\t\r]"))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in texts
    )
    return safe.write_csv(None).encode()


def _parquet_of(table: pl.DataFrame) -> bytes:
    stream = BytesIO()
    table.write_parquet(stream, compression="zstd")
    return stream.getvalue()


def _rows_frame(
    columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> pl.DataFrame:
    return pl.DataFrame(
        {name: [row[at] for row in rows] for at, name in enumerate(columns)},
        strict=False,
    )


def _codebook(picture: Picture) -> pl.DataFrame:
    rows = [
        ("column", name, _(meaning), "", "", form, "", "")
        for name, meaning, form in COLUMNS
    ]
    rows += [
        (
            "indicator", each.code, str(each.definition), str(each.numerator),
            str(each.denominator), str(each.unit), str(each.source), each.reference,
        )
        for each in _used(picture)
    ]  # fmt: skip
    return _rows_frame(
        (
            "kind", "name", "meaning", "numerator", "denominator", "unit", "source",
            "reference",
        ),
        rows,
    )  # fmt: skip


def _used(picture: Picture) -> list[Indicator]:
    used = {row.indicator for row in picture.figures}
    for each in picture.projections.values():
        used |= {row.indicator for row in each.figures}
    return [INDICATORS[code] for code in INDICATORS if code in used]


def _codebook_text(picture: Picture) -> str:
    lines = [f"# {_('Codebook')}: {picture.subject.name}", ""]
    lines += [f"## {_('Columns')}", ""]
    lines += [f"- `{name}`: {_(meaning)} ({form})" for name, meaning, form in COLUMNS]
    lines += ["", f"## {_('Figures')}", ""]
    for each in _used(picture):
        lines += [
            f"### `{each.code}`: {each.name}",
            "",
            f"{each.definition}",
            "",
            f"- {_('Counted')}: {each.numerator}",
            f"- {_('Over')}: {each.denominator}",
            f"- {_('Unit')}: {each.unit}",
            f"- {_('Source')}: {each.source}",
        ]
        if each.reference:
            lines.append(f"- {_('Reference')}: {each.reference}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _comparisons(picture: Picture) -> pl.DataFrame:
    return _rows_frame(
        ("scenario", "indicator", "year", "difference", "low", "high", "share_lower"),
        [
            (name, d.indicator, d.year, d.value, d.low, d.high, d.share_lower)
            for name, comparison in picture.comparisons.items()
            for d in comparison.differences
        ],
    )


def _causes(picture: Picture) -> pl.DataFrame:
    return _rows_frame(
        ("scenario", "step", "kind", "hours_a_week"),
        [
            (name, row.key, row.kind, row.value)
            for name, each in picture.projections.items()
            for row in each.waterfall
        ],
    )


def _parameters(picture: Picture) -> pl.DataFrame:
    return _rows_frame(
        (
            "scenario", "parameter", "unit", "low", "high", "gap_at_low", "gap_at_high",
            "status", "source", "set_by", "why",
        ),
        [
            (
                name, row.parameter, row.unit, row.low, row.high, row.at_low,
                row.at_high, row.status, say_source(row.source), row.set_by,
                say_data(row.why),
            )
            for name, each in picture.projections.items()
            for row in each.tornado
        ],
    )  # fmt: skip


def _run_of(picture: Picture) -> bytes:
    content = {
        "subject": asdict(picture.subject),
        "made_on": picture.made_on.isoformat(),
        "population_year": picture.ground.year,
        "seed": picture.seed,
        "draws": picture.draws,
        "horizon_year": picture.horizon_year,
        "scenarios": {
            name: {"title": each.title, "input_hash": each.input_hash}
            for name, each in picture.projections.items()
        },
        "versions": dict(picture.versions),
        "input_hashes": dict(picture.input_hashes),
        "places": len(picture.ground.places),
        "gp_practices": len(picture.ground.gp_sites),
    }
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
