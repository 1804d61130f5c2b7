"""The demo: one command, one place per database, and used again for a week."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from wijkspil.config.demo import choose_place
from wijkspil.core.errors import InvalidValue

BIN = Path(sys.executable).parent


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Address of a database of its own, gone after the test."""
    base = os.environ["DATABASE_URL"]
    name = f"wijkspil_demo_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run(*arguments: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line on a database, with a data folder of its own."""
    return subprocess.run(
        [BIN / "wijkspil", *arguments],
        env={**os.environ, "DATABASE_URL": url, "WIJKSPIL_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


class TestTheCommand:
    def test_makes_a_region_once_and_uses_it_again(
        self, empty_database: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "summary.json"
        asked = ("demo", "--no-serve", "--json", str(file))
        first = run(*asked, url=empty_database, folder=tmp_path)
        assert first.returncode == 0, first.stderr
        made = json.loads(file.read_text())
        second = run(*asked, url=empty_database, folder=tmp_path)
        assert second.returncode == 0, second.stderr
        again = json.loads(file.read_text())
        assert again["generated_at"] == made["generated_at"]
        assert made["counts"]["nursing_teams"] > 20
        roles = {account["role"] for account in made["accounts"]}
        assert len(roles) == 15
        assert made["wish"]["code"] in first.stdout
        assert made["password"] in first.stdout
        assert all(account["email"] in first.stdout for account in made["accounts"])
        with psycopg.connect(empty_database) as connection:
            row = connection.execute(
                "SELECT bool_and(is_fictional) FROM directory_organization"
            ).fetchone()
        assert row == (True,)

    def test_says_in_one_sentence_what_is_wrong(self, tmp_path: Path) -> None:
        answer = run(
            "demo",
            "--data",
            str(tmp_path / "nowhere"),
            "--all",
            url="postgresql:///unused",
            folder=tmp_path,
        )
        assert answer.returncode == 2
        assert "nowhere" in answer.stderr.replace("\n", "")
        assert "Traceback" not in answer.stderr


class TestThePlace:
    def test_invented_geography_has_the_default_database(self) -> None:
        place = choose_place(data=None, region=None, everything=False)
        assert (place.database, place.data) == ("wijkspil", None)

    def test_each_region_has_a_database_of_its_own(self, tmp_path: Path) -> None:
        place = choose_place(data=tmp_path, region="'t Gooi", everything=False)
        assert place.database == "wijkspil_t_gooi"

    @pytest.mark.parametrize(
        ("region", "everything"), [(None, False), ("HAAGLANDEN", True)]
    )
    def test_either_a_region_or_all_is_asked(
        self, tmp_path: Path, region: str | None, everything: bool
    ) -> None:
        with pytest.raises(InvalidValue, match="either"):
            choose_place(data=tmp_path, region=region, everything=everything)

    def test_a_region_needs_data(self) -> None:
        with pytest.raises(InvalidValue, match="--data"):
            choose_place(data=None, region="HAAGLANDEN", everything=False)
