"""``wijkspil insight``: a picture of real regions from open data, without a database.

``report`` reads publishers' files and writes data and a report; ``scenarios`` lists
what is shipped. Only ``refresh`` needs the database: it counts figures anew.
"""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wijkspil.config import runtime
from wijkspil.config.cli_progress import show_progress
from wijkspil.config.cli_reading import database_of
from wijkspil.core.progress import Progress, Silent

if TYPE_CHECKING:
    from wijkspil.insight.engine_io.projection import LoadedScenario
    from wijkspil.insight.services.open_data import OpenData
    from wijkspil.insight.services.picture import AreaLabel, Picture

insight_app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Where care falls short now and later, of a region of open data.",
)

#: Exit code for input that was refused.
BAD_INPUT = 2
BASE = "base"
#: Laid beside the base unless others are named.
USUAL = (
    BASE,
    "digital-50-percent-adoption",
    "hybrid-70-percent",
    "training-money",
)


@insight_app.command("report")
def write_reports(
    data: Annotated[Path, typer.Option(help="Folder with the publishers' open data.")],
    out: Annotated[Path, typer.Option(help="Folder to write to; made if needed.")],
    region: Annotated[
        str | None,
        typer.Option(help="Name or code, as HAAGLANDEN, GM0518 or corop:flevoland."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="The country, and every region of --set."),
    ] = False,
    set_: Annotated[
        str | None,
        typer.Option(
            "--set",
            help="zorgkantoor, gemeente, ggd, veiligheidsregio, corop or provincie.",
        ),
    ] = None,
    level: Annotated[
        str, typer.Option(help="Places: pc4 (postcodes of 2021) or wijk (of 2022).")
    ] = "pc4",
    draws: Annotated[
        int, typer.Option(min=10, max=10_000, help="Futures computed.")
    ] = 200,
    horizon: Annotated[
        int, typer.Option(min=2027, max=2060, help="Last year computed.")
    ] = 2040,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same figures.")] = 1,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="Scenario beside the base; may be given more often."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Cores; the figures stay the same.")
    ] = 1,
    made_on: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], help="Date on the report."),
    ] = None,
    no_report: Annotated[
        bool, typer.Option("--data-only", help="Only the data files, no report.")
    ] = False,
) -> None:
    """Write figures, assumptions and a report of a region, or of all of them.

    Every assumption is named in assumptions.csv; run.json says how to do it again.
    """
    started = time.monotonic()
    with _ready(), _progress() as progress:
        from django.utils.timezone import localdate
        from django.utils.translation import gettext as _

        from wijkspil.insight.errors import InvalidOpenData
        from wijkspil.insight.services import open_data, open_pictures

        if (region is None) == (not everything):
            raise InvalidOpenData(_("Give either --region or --all."), field="region")
        if level not in ("pc4", "wijk"):
            raise InvalidOpenData(
                _("--level %(level)s: give pc4 or wijk.") % {"level": level},
                field="level",
            )
        scenarios = _load_scenarios(scenario)
        _make_folder(out)
        read = open_data.read_open_data(
            data=data,
            level="wijk" if level == "wijk" else "pc4",
            progress=progress,
        )
        wanted = _regions_of(read, region, set_)
        pictures = open_pictures.make_pictures(
            read,
            wanted,
            scenarios,
            open_pictures.Asked(
                seed=seed,
                draws=draws,
                horizon_year=horizon,
                made_on=made_on.date() if made_on else localdate(),
                workers=workers,
            ),
            progress=progress,
        )
        lines = []
        for number, picture in enumerate(pictures):
            if not number:
                progress.start(_("Writing"), len(wanted))
            folder = out / _folder_of(picture.subject) if everything else out
            _write(picture, folder, data=data, is_report=not no_report)
            lines.append((picture, folder))
            progress.advance()
    _show(lines, time.monotonic() - started)


@insight_app.command("scenarios")
def list_scenarios(
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of a scenario.")
    ] = False,
) -> None:
    """List the scenarios that are shipped, or print the schema of their files."""
    with _ready():
        from django.utils.translation import gettext as _

        from wijkspil.insight.engine_io.projection import list_shipped, schema_json
        from wijkspil.insight.scenario_wording import say_shipped

        if schema:
            typer.echo(schema_json(), nl=False)
            return
        table = Table(_("Name"), _("Title"), _("What is supposed"))
        for key, title, description in list_shipped():
            table.add_row(key, *say_shipped(key, title, description))
        _console().print(table)


@insight_app.command("refresh")
def refresh(
    context: typer.Context,
    region: Annotated[
        str | None,
        typer.Option(help="Code of a region; without: the whole country."),
    ] = None,
) -> None:
    """Count the figures of today anew in the database; the night does it too."""
    runtime.start_application(database=database_of(context))
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from wijkspil.insight.services.refreshing import refresh_figures

    with _progress() as progress:
        region_id = None if region is None else _region_id(region)
        count = refresh_figures(
            region_id=region_id, at=timezone.now(), progress=progress
        )
    _console().print(_("%(count)d figures counted.") % {"count": count})


def _region_id(wanted: str) -> int:
    from django.utils.translation import gettext as _

    from wijkspil.directory.selectors.maps import list_areas_of_codes
    from wijkspil.insight.errors import InvalidOpenData

    found = list_areas_of_codes([wanted])
    if wanted not in found:
        raise InvalidOpenData(
            _("There is no region with the code “%(code)s” in the database.")
            % {"code": wanted[:60]},
            field="region",
        )
    return found[wanted]


def _load_scenarios(names: list[str] | None) -> "dict[str, LoadedScenario]":
    from wijkspil.insight.engine_io.projection import load_scenario

    wanted = dict.fromkeys((BASE, *(names or USUAL)))
    return {name: load_scenario(name) for name in wanted}


def _regions_of(
    data: "OpenData", region: str | None, kind: str | None
) -> "list[AreaLabel]":
    from wijkspil.insight.services.open_data_regions import COUNTRY, find_region

    if region is not None:
        return [find_region(data.areas, region, kind=kind)]
    chosen = kind or "zorgkantoor"
    inside = {code for place in data.ground.places for code in place.within}
    labels = [label for code, label in data.areas.items() if code in inside]
    found = [label for label in labels if label.kind == chosen]
    if not found:
        find_region(data.areas, "", kind=chosen)
    return [COUNTRY, *sorted(found, key=lambda label: label.name)]


def _folder_of(region: "AreaLabel") -> str:
    return region.code.replace(":", "-").lower()


def _make_folder(folder: Path) -> None:
    from django.utils.translation import gettext as _

    from wijkspil.insight.errors import InvalidOpenData

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidOpenData(
            _("%(folder)s cannot be made (%(reason)s). Name another folder.")
            % {"folder": folder, "reason": error.strerror},
            field="out",
        ) from error


def _write(picture: "Picture", folder: Path, *, data: Path, is_report: bool) -> None:
    from wijkspil.insight.services.dataset import write_dataset
    from wijkspil.insight.services.report import read_shapes, write_report

    _make_folder(folder)
    write_dataset(picture, folder)
    if is_report:
        shapes = read_shapes(data, [place.code for place in picture.ground.places])
        write_report(picture, folder, shapes=shapes)


def _show(lines: "list[tuple[Picture, Path]]", seconds: float) -> None:
    from django.utils.translation import gettext as _

    table = Table(_("Region"), _("Places"), _("Figures"), _("Folder"))
    for picture, folder in lines:
        count = len(picture.figures) + sum(
            len(each.figures) for each in picture.projections.values()
        )
        table.add_row(
            picture.subject.name,
            f"{len(picture.ground.places)}",
            f"{count}",
            f"{folder}",
        )
    console = _console()
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(
        _("Done in %(seconds)s s, at most %(peak)s MB.")
        % {"seconds": f"{seconds:.1f}", "peak": f"{peak:.0f}"}
    )


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = 120
    return console


@contextmanager
def _ready() -> Iterator[None]:
    """Set Django up for words and templates; no database is opened.

    Anticipated errors end with a sentence and exit code 2.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wijkspil.config.settings")
    from wijkspil.config import messages

    messages.compile_catalogues()
    import django

    django.setup()
    from django.conf import settings
    from django.utils import translation

    from wijkspil.core.errors import WijkspilError

    with translation.override(settings.LANGUAGE_CODE):
        try:
            yield
        except WijkspilError as error:
            # A value from a file may look like markup: print it as it is.
            text = Text.assemble(("wijkspil:", "bold"), " ", str(error))
            Console(stderr=True).print(text, soft_wrap=True)
            raise typer.Exit(BAD_INPUT) from error


@contextmanager
def _progress() -> Iterator[Progress]:
    """Draw bars on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Silent()
        return
    with show_progress(console) as bars:
        yield bars
