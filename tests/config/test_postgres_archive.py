"""A database goes out to one file and comes back whole or not at all."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from wijkspil.config import postgres
from wijkspil.config.cli_db import db_app
from wijkspil.config.postgres.archive import SEAL_BYTES
from wijkspil.config.postgres.errors import (
    ArchiveUnusable,
    DatabaseInUse,
    DatabaseMissing,
    EmbeddedUnused,
    NotRunning,
)

WISHES = ["ochtend", "geen insuline", "é ü €"]


def run(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def wishes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT wish FROM care")]


def beside(server: postgres.Server, database: str) -> list[str]:
    """Return what a restore left beside the database."""
    names = postgres.list_databases(server)
    return [name for name in names if name.startswith(f"{database}_")]


@pytest.fixture
def filled(server: postgres.Server) -> Iterator[str]:
    postgres.ensure_database(server, "filled")
    url = server.url("filled")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE care (wish text NOT NULL)")
        # Row-level security hides rows from the owner too, never from a dump.
        connection.execute("ALTER TABLE care ENABLE ROW LEVEL SECURITY")
        for wish in WISHES:
            connection.execute("INSERT INTO care VALUES (%s)", [wish])
    yield url
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE filled WITH (FORCE)")


class TestDumpAndRestore:
    def test_what_went_out_comes_back(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        postgres.dump(server, "filled", tmp_path / "filled.dump")
        run(filled, "DELETE FROM care")
        postgres.restore(server, "filled", tmp_path / "filled.dump")
        assert wishes(filled) == WISHES
        assert beside(server, "filled") == []

    def test_a_forced_policy_hides_no_row_from_a_dump(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        run(filled, "ALTER TABLE care FORCE ROW LEVEL SECURITY")
        assert wishes(filled) == []
        postgres.dump(server, "filled", tmp_path / "filled.dump")
        postgres.restore(server, "filled", tmp_path / "filled.dump")
        assert wishes(filled) == []
        assert wishes(server.superuser_url("filled")) == WISHES

    def test_a_database_can_be_made_from_a_file(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        postgres.dump(server, "filled", tmp_path / "filled.dump")
        postgres.restore(server, "filled again", tmp_path / "filled.dump")
        assert wishes(server.url("filled again")) == WISHES
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute('DROP DATABASE "filled again"')

    def test_only_the_owner_may_read_a_dump(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        postgres.dump(server, "filled", tmp_path / "filled.dump")
        assert stat.S_IMODE((tmp_path / "filled.dump").stat().st_mode) == 0o600

    @pytest.mark.parametrize("damage", ["cut", "garbage", "empty", "absent"])
    def test_a_damaged_file_changes_nothing(
        self, server: postgres.Server, filled: str, tmp_path: Path, damage: str
    ) -> None:
        file = tmp_path / "filled.dump"
        postgres.dump(server, "filled", file)
        whole = file.read_bytes()
        if damage == "cut":
            file.write_bytes(whole[: len(whole) // 2])
        elif damage == "garbage":
            file.write_bytes(b"name;wish\n" * 100)
        elif damage == "empty":
            file.write_bytes(b"")
        else:
            file.unlink()
        with pytest.raises(ArchiveUnusable, match=r"filled\.dump"):
            postgres.restore(server, "filled", file)
        assert wishes(filled) == WISHES
        assert beside(server, "filled") == []

    def test_a_bit_that_fell_over_is_told_from_the_seal(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "filled.dump"
        postgres.dump(server, "filled", file)
        whole = file.read_bytes()
        for place in range(0, len(whole) - SEAL_BYTES, len(whole) // 9):
            flipped = bytes([whole[place] ^ 1])
            file.write_bytes(whole[:place] + flipped + whole[place + 1 :])
            with pytest.raises(ArchiveUnusable, match="damaged since"):
                postgres.restore(server, "filled", file)

    def test_a_file_of_pg_dump_itself_has_no_seal_and_is_taken(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        file = tmp_path / "filled.dump"
        postgres.dump(server, "filled", file)
        file.write_bytes(file.read_bytes()[:-SEAL_BYTES])
        run(filled, "DELETE FROM care")
        postgres.restore(server, "filled", file)
        assert wishes(filled) == WISHES

    def test_a_database_in_use_is_not_replaced(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        postgres.dump(server, "filled", tmp_path / "filled.dump")
        with (
            psycopg.connect(filled),
            pytest.raises(DatabaseInUse, match="1 sessions are open"),
        ):
            postgres.restore(server, "filled", tmp_path / "filled.dump")
        assert wishes(filled) == WISHES

    def test_an_unknown_database_is_named_and_no_file_made(
        self, server: postgres.Server, tmp_path: Path
    ) -> None:
        with pytest.raises(DatabaseMissing, match="'nowhere'"):
            postgres.dump(server, "nowhere", tmp_path / "nowhere.dump")
        assert list(tmp_path.iterdir()) == []

    def test_a_dump_that_cannot_be_written_says_where(
        self, server: postgres.Server, filled: str, tmp_path: Path
    ) -> None:
        with pytest.raises(ArchiveUnusable, match="no-such-folder"):
            postgres.dump(server, "filled", tmp_path / "no-such-folder" / "x")


class TestCommands:
    def test_a_database_lives_through_all_commands(
        self, data_dir: Path, tmp_path: Path
    ) -> None:
        def wijkspil_db(*words: object, answer: str | None = None) -> tuple[int, str]:
            command = [*map(str, words), "--data-dir", str(data_dir)]
            result = CliRunner().invoke(db_app, command, input=answer)
            assert result.exception is None or isinstance(result.exception, SystemExit)
            return result.exit_code, " ".join(result.output.split())

        assert wijkspil_db("status")[0] == 1
        assert "there is no database here yet" in wijkspil_db("status")[1]
        assert wijkspil_db("start")[0] == 0
        server = postgres.ensure_running(data_dir)
        postgres.ensure_database(server, "wijkspil")
        run(server.url("wijkspil"), "CREATE TABLE care AS SELECT 'ochtend' AS wish")
        code, said = wijkspil_db("status")
        assert (code, "running" in said, "database wijkspil" in said) == (0, True, True)
        file = tmp_path / "a.dump"
        assert "Wrote wijkspil to" in wijkspil_db("dump", file)[1]
        run(server.url("wijkspil"), "DELETE FROM care")
        assert wijkspil_db("restore", file, answer="n\n")[0] == 1
        assert wishes(server.url("wijkspil")) == []
        assert wijkspil_db("restore", file, "--yes")[0] == 0
        assert wishes(server.url("wijkspil")) == ["ochtend"]
        assert "is stopped" in wijkspil_db("stop")[1]
        assert "was not running" in wijkspil_db("stop")[1]
        assert wijkspil_db("status")[0] == 1

    @pytest.mark.parametrize("command", ["start", "stop", "status"])
    def test_the_embedded_database_is_left_alone_when_another_is_in_use(
        self, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://db.example/wijkspil")
        result = CliRunner().invoke(db_app, [command])
        assert isinstance(result.exception, EmbeddedUnused)

    def test_nothing_is_made_for_a_dump_of_nothing(
        self, data_dir: Path, tmp_path: Path
    ) -> None:
        command = ["dump", str(tmp_path / "x"), "--data-dir", str(data_dir)]
        result = CliRunner().invoke(db_app, command)
        assert isinstance(result.exception, NotRunning)
        assert not data_dir.exists()


class TestDefaultFolder:
    def test_it_lies_in_the_project_also_from_a_folder_below(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "wijkspil"\n')
        (tmp_path / "docs" / "adr").mkdir(parents=True)
        monkeypatch.delenv("WIJKSPIL_DATA_DIR", raising=False)
        monkeypatch.chdir(tmp_path / "docs" / "adr")
        expected = tmp_path.resolve() / ".wijkspil" / "postgres"
        assert postgres.default_data_dir() == expected

    def test_outside_a_project_it_lies_in_the_working_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("WIJKSPIL_DATA_DIR", raising=False)
        monkeypatch.chdir(tmp_path)
        expected = tmp_path.resolve() / ".wijkspil" / "postgres"
        assert postgres.default_data_dir() == expected

    def test_the_environment_names_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WIJKSPIL_DATA_DIR", str(tmp_path))
        assert postgres.default_data_dir() == tmp_path / "postgres"
