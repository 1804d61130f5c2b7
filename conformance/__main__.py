"""Run the proofs: ``python -m conformance [GROUP ...] [--size SIZE] [--small]``.

Without a group all of them, on the region of ``make demo`` in a directory of the
national size. Writes the report, unless ``--no-report``; ends with 1 when a proof does
not hold.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import describe_machine

from conformance.proof import ROOT, Outcome, list_groups, list_proofs
from conformance.report import section, write_report
from conformance.serving import SIZES, serve_region

REPORT = ROOT / "docs" / "reference" / "conformance.md"


def main() -> int:
    """Run what is asked, and say whether it holds."""
    parser = argparse.ArgumentParser(prog="python -m conformance")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="default: all")
    parser.add_argument("--size", choices=SIZES, default="country")
    parser.add_argument("--small", action="store_true", help="the form of the tests")
    parser.add_argument("--only", default="", help="one proof, by its module")
    parser.add_argument("--no-report", action="store_true")
    parser.add_argument("--keep", type=Path, help="an empty folder to work in")
    asked = parser.parse_args()
    groups = asked.groups or list_groups()
    if unknown := set(groups) - set(list_groups()):
        parser.error(
            f"unknown: {', '.join(unknown)}; known: {', '.join(list_groups())}"
        )
    at = datetime.now(UTC)  # noqa: TID251 - the edge: the date of the report
    with tempfile.TemporaryDirectory(prefix="wijkspil-conformance-") as made:
        folder = asked.keep or Path(made)
        sections, failed = {}, []
        with serve_region(folder, size=asked.size, is_small=asked.small) as stage:
            for group in groups:
                outcomes: list[Outcome] = []
                for name, prove in list_proofs(group):
                    if asked.only not in ("", name):
                        continue
                    print(f"== {group}/{name}", flush=True)
                    started_s = time.monotonic()
                    found = prove(stage)
                    outcomes += found if isinstance(found, list) else [found]
                    print(f"   {time.monotonic() - started_s:.0f} s", flush=True)
                for one in outcomes:
                    _say(one)
                failed += [one.name for one in outcomes if not one.holds]
                sections[group] = section(
                    group, outcomes, at=at, machine=describe_machine(), size=asked.size
                )
    if not asked.no_report and not asked.only and not asked.small:
        write_report(REPORT, sections)
    if failed:
        print(f"Does not hold: {', '.join(failed)}.")
    return 1 if failed else 0


def _say(one: Outcome) -> None:
    said = "holds" if one.holds else "DOES NOT HOLD"
    print(f"{one.name} ({one.tool}): {one.passed} passed, {one.failed} failed: {said}")
    for line in [] if one.holds else one.detail:
        print(f"  - {line}")


if __name__ == "__main__":
    sys.exit(main())
