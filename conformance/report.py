"""Write what the proofs found, with a date: ``docs/reference/conformance.md``."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from conformance.proof import Outcome

HEAD = """# Conformance

What tools of others say of the interfaces, on the product as it is served. Made by
`make conformance`; each part gives its own date. What a tool was asked not to check,
and why, stands in its module in `conformance/`. Served: `region` is what `make demo`
shows, `country` that in a directory of 20,000 organizations and 60,000 services; two
sites begin with a small one.
"""
#: Of one proof; the rest is in the output of the run.
MAX_LINES = 40


def section(
    group: str, outcomes: Sequence[Outcome], *, at: datetime, machine: str, size: str
) -> str:
    """Return the part of the report about one group."""
    lines = [
        f"## {group}",
        "",
        f"{at:%-d %B %Y, %H:%M %Z}. {machine}. Served: {size}.",
        "",
        "| proof | tool | passed | failed | seconds |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {one.name} | {one.tool} | {one.passed:,} | {one.failed:,} "
        f"| {one.seconds:.0f} |"
        for one in outcomes
    ]
    for one in outcomes:
        lines += ["", f"### {one.name}", "", "```sh", one.command, "```"]
        shown = one.detail[:MAX_LINES]
        if shown:
            lines += ["", *(f"- {line}" for line in shown)]
        if len(one.detail) > len(shown):
            lines.append(f"- and {len(one.detail) - len(shown)} more")
    return "\n".join(lines) + "\n"


def write_report(path: Path, sections: Mapping[str, str]) -> None:
    """Put these parts in the report and keep the parts of other groups."""
    kept: dict[str, str] = {}
    if path.is_file():
        for part in re.split(r"^(?=## )", path.read_text(), flags=re.MULTILINE)[1:]:
            kept[part.splitlines()[0].removeprefix("## ")] = part.rstrip() + "\n"
    kept |= sections
    parts = [HEAD, *(kept[group] for group in sorted(kept))]
    path.write_text("\n".join(part.rstrip() + "\n" for part in parts))
