"""The embedded PostgreSQL starts from nothing, once, and for nobody else."""

import os
import pwd
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from wijkspil.config import postgres
from wijkspil.config.postgres.account import unprivileged
from wijkspil.config.postgres.configuration import configuration_files
from wijkspil.config.postgres.errors import (
    DatabaseNameInvalid,
    DiskFull,
    FolderNotOurs,
    FolderUnusable,
    LockTimeout,
    NotDurable,
    VersionMismatch,
)
from wijkspil.config.postgres.folder import locked, read_folder
from wijkspil.config.postgres.installation import (
    PACKAGE,
    find_installation,
    usable_by,
)
from wijkspil.config.postgres.lifecycle import _explain
from wijkspil.config.postgres.processes import postgres_processes

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can act as two accounts; run it as root too"
)

START = """
import sys
from pathlib import Path
from wijkspil.config import postgres
postgres.ensure_running(Path(sys.argv[1]), durable=False)
print(postgres.status(Path(sys.argv[1])).pid)
"""

#: Load everything and run once as root, since another account may not even read the
#: Python installation; then become that account for good.
AS_ANOTHER = """
import os, sys
from pathlib import Path
import psycopg
from wijkspil.config import postgres
from wijkspil.config.postgres.account import account_of
from wijkspil.config.postgres.installation import find_installation, usable_by
uid, data_dir, url, copy_to = int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:5]
psycopg.connect(url).close()
account = account_of(uid)
programs = usable_by(account, find_installation(), copy_to=Path(copy_to))
os.setgroups([]), os.setresgid(*[account.gid] * 3), os.setresuid(*[uid] * 3)
"""


def one_value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def another_account() -> pwd.struct_passwd:
    names = {"daemon", "games", "mail", "bin"}
    return next(one for one in pwd.getpwall() if one.pw_name in names and one.pw_uid)


class TestStart:
    def test_the_first_start_makes_a_crash_safe_server_for_good(
        self, data_dir: Path
    ) -> None:
        url = postgres.ensure_running(data_dir).url("postgres")
        assert postgres.ensure_running(data_dir, durable=False).url("postgres") == url
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert one_value(url, f"SHOW {name}") == "on"
        assert one_value(url, "SHOW data_checksums") == "on"

    def test_a_second_start_finds_the_running_server_at_once(
        self, server: postgres.Server
    ) -> None:
        pid = postgres.status(server.data_dir).pid
        begin = time.perf_counter()
        again = postgres.ensure_running(server.data_dir, durable=False)
        assert time.perf_counter() - begin < 0.5
        assert again == server
        assert postgres.status(server.data_dir).pid == pid

    def test_simultaneous_starts_share_one_server(
        self, data_dir: Path, python: Callable[..., subprocess.Popen[str]]
    ) -> None:
        starters = [python(START, data_dir) for _ in range(3)]
        said = [starter.communicate(timeout=60) for starter in starters]
        pids = {out for out, _error in said}
        assert len(pids) == 1, said
        assert postgres.status(data_dir).pid == int(pids.pop())

    def test_the_server_outlives_the_process_that_started_it(
        self, data_dir: Path, python: Callable[..., subprocess.Popen[str]]
    ) -> None:
        starter = python(START, data_dir)
        starter.communicate(timeout=60)
        assert postgres.status(data_dir).state == "running"

    def test_a_stopped_server_starts_again_with_its_data(self, data_dir: Path) -> None:
        server = postgres.ensure_running(data_dir, durable=False)
        postgres.ensure_database(server, "kept")
        assert postgres.stop(data_dir) is True
        assert postgres.status(data_dir).state == "stopped"
        assert postgres.stop(data_dir) is False
        again = postgres.ensure_running(data_dir, durable=False)
        assert one_value(again.url("kept"), "SELECT current_database()") == "kept"

    def test_an_unmade_data_folder_is_absent_and_stays_unmade(
        self, data_dir: Path
    ) -> None:
        assert postgres.status(data_dir).state == "absent"
        assert postgres.stop(data_dir) is False
        assert not data_dir.exists()

    @pytest.mark.parametrize(
        "name",
        ["with space, comma and 'quote'", "é" * 20, "/".join(["deep" * 10] * 4)],
        ids=["punctuation", "not ascii", "longer than a socket address"],
    )
    def test_an_awkward_folder_name_is_no_problem(
        self, data_dir: Path, name: str
    ) -> None:
        server = postgres.ensure_running(data_dir.parent / name, durable=False)
        assert one_value(server.url("postgres"), "SELECT 1") == 1
        postgres.discard(data_dir.parent / name)
        assert not server.socket_dir.exists()

    def test_a_swept_socket_folder_is_made_anew(self, data_dir: Path) -> None:
        deep = data_dir / "/".join(["deep" * 10] * 4)
        server = postgres.ensure_running(deep, durable=False)
        for left in server.socket_dir.iterdir():
            left.unlink()
        server.socket_dir.rmdir()
        again = postgres.ensure_running(deep, durable=False)
        assert one_value(again.url("postgres"), "SELECT 1") == 1
        assert again.socket_dir != server.socket_dir

    def test_discarding_leaves_nothing_of_ours(self, data_dir: Path) -> None:
        server = postgres.ensure_running(data_dir, durable=False)
        postgres.discard(data_dir)
        assert postgres.status(data_dir).state == "absent"
        assert not server.socket_dir.exists()
        assert [one.name for one in data_dir.iterdir()] == ["lock"]


class TestRoles:
    def test_the_application_is_no_superuser_but_may_make_a_database(
        self, server: postgres.Server
    ) -> None:
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            row = connection.execute(
                "SELECT current_user, rolsuper, rolbypassrls, rolcreaterole"
                " FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            assert row == ("wijkspil", False, False, False)
            connection.execute("CREATE DATABASE made_by_a_test TEMPLATE template0")
            connection.execute("DROP DATABASE made_by_a_test")

    def test_a_role_that_became_superuser_is_put_back_at_the_next_start(
        self, data_dir: Path
    ) -> None:
        server = postgres.ensure_running(data_dir, durable=False)
        with psycopg.connect(server.superuser_url("postgres")) as connection:
            connection.execute("ALTER ROLE wijkspil SUPERUSER")
        postgres.stop(data_dir)
        url = postgres.ensure_running(data_dir, durable=False).url("postgres")
        query = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
        assert one_value(url, query) is False

    def test_a_database_is_made_once_in_utf8_and_c_order(
        self, server: postgres.Server
    ) -> None:
        for _ in range(2):
            postgres.ensure_database(server, "Zorg & co")
        url = server.url("Zorg & co")
        query = "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        assert one_value(url, query) == "C.UTF-8"
        assert one_value(url, "SHOW server_encoding") == "UTF8"
        assert one_value(url, "SELECT upper('één')") == "ÉÉN"

    @pytest.mark.parametrize("name", ["", "x" * 64, "é" * 32])
    def test_a_name_postgresql_would_cut_is_refused(
        self, server: postgres.Server, name: str
    ) -> None:
        with pytest.raises(DatabaseNameInvalid, match="1 to 63 bytes"):
            postgres.ensure_database(server, name)

    def test_no_rule_trusts_anybody_and_no_network_is_opened(self) -> None:
        files = configuration_files(
            socket_dir=Path("/s"), log_dir=Path("/l"), os_users=["a"], durable=True
        )
        assert files["pg_hba.conf"].splitlines()[1:] == [
            "local all all peer map=wijkspil"
        ]
        assert "listen_addresses = ''" in files["postgresql.conf"]


class TestAccounts:
    @needs_root
    def test_root_runs_the_server_as_somebody_else(
        self, server: postgres.Server
    ) -> None:
        folder = read_folder(server.data_dir)
        assert folder is not None
        processes = postgres_processes(folder.cluster)
        assert processes
        assert all(process.uids().effective != 0 for process in processes)

    def test_no_folder_above_changes(self, data_dir: Path) -> None:
        def look() -> list[tuple[int, int, int]]:
            found = [one.stat() for one in data_dir.parents]
            return [(one.st_mode, one.st_uid, one.st_gid) for one in found]

        before = look()
        postgres.ensure_running(data_dir, durable=False)
        postgres.stop(data_dir)
        assert look() == before

    @needs_root
    def test_root_in_a_closed_folder_puts_the_data_elsewhere_and_remembers(
        self, data_dir: Path
    ) -> None:
        closed = data_dir.parent / "closed"
        closed.mkdir(mode=0o700)
        server = postgres.ensure_running(closed / "postgres", durable=False)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        folder = read_folder(closed / "postgres")
        assert folder is not None
        assert not folder.cluster.is_relative_to(closed)
        assert stat.S_IMODE(folder.server.stat().st_mode) == 0o700
        postgres.stop(server.data_dir)
        assert postgres.ensure_running(server.data_dir, durable=False) == server
        postgres.discard(server.data_dir)
        assert not folder.base.exists()

    @needs_root
    @pytest.mark.parametrize("mode", [0o755, 0o700], ids=["open", "closed"])
    def test_root_in_a_folder_of_a_number_without_a_name_starts_a_server(
        self, data_dir: Path, mode: int
    ) -> None:
        # As in a container, with the project of a user of the host.
        data_dir.mkdir()
        data_dir.chmod(mode)
        os.chown(data_dir, 424_242, 424_242)
        for _ in range(2):
            server = postgres.ensure_running(data_dir, durable=False)
            assert one_value(server.url("postgres"), "SELECT 1") == 1
            postgres.stop(data_dir)
        status = data_dir.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (mode, 424_242)

    @needs_root
    def test_a_copy_of_a_folder_with_its_data_elsewhere_is_refused(
        self, data_dir: Path
    ) -> None:
        closed = data_dir.parent / "closed"
        closed.mkdir(mode=0o700)
        postgres.ensure_running(closed / "postgres", durable=False)
        copy = data_dir.parent / "copy"
        subprocess.run(["cp", "-r", closed / "postgres", copy], check=True)
        with pytest.raises(FolderUnusable, match="is a copy of"):
            postgres.ensure_running(copy, durable=False)
        (copy / "record.json").unlink()

    @needs_root
    def test_binaries_the_account_cannot_read_are_copied(self, data_dir: Path) -> None:
        installation = find_installation()
        closed = data_dir.parent / "closed"
        closed.mkdir(mode=0o700)
        for name in (PACKAGE, f"{PACKAGE}.libs"):
            (closed / name).symlink_to(installation.package_dir.parent / name)
        copied = usable_by(
            unprivileged(),
            replace(installation, package_dir=closed / PACKAGE),
            copy_to=data_dir.parent / "binaries",
        )
        assert copied.package_dir.is_relative_to(data_dir.parent / "binaries")
        server = postgres.ensure_running(data_dir, durable=False, installation=copied)
        assert one_value(server.url("postgres"), "SELECT 1") == 1

    @needs_root
    def test_an_ordinary_user_has_a_server_of_their_own(
        self,
        server: postgres.Server,
        data_dir: Path,
        python: Callable[..., subprocess.Popen[str]],
    ) -> None:
        user = another_account()
        os.chown(data_dir.parent, user.pw_uid, user.pw_gid)
        program = AS_ANOTHER + (
            "server = postgres.ensure_running(data_dir, installation=programs)\n"
            "postgres.ensure_database(server, 'own')\n"
            "with psycopg.connect(server.url('own')) as connection:\n"
            "    print(connection.execute('SELECT current_user').fetchone())\n"
            "print(postgres.stop(data_dir), postgres.status(data_dir).state)\n"
        )
        process = python(
            program,
            user.pw_uid,
            data_dir,
            server.url("postgres"),
            data_dir.parent / "binaries",
        )
        out, error = process.communicate(timeout=60)
        assert out.splitlines() == ["('wijkspil',)", "True stopped"], error
        assert {one.stat().st_uid for one in data_dir.rglob("*")} == {user.pw_uid}
        # Root then carries on with it, and leaves everything theirs.
        as_root = postgres.ensure_running(data_dir)
        assert one_value(as_root.url("own"), "SELECT 1") == 1
        postgres.stop(data_dir)
        assert {one.stat().st_uid for one in data_dir.rglob("*")} == {user.pw_uid}

    @needs_root
    @pytest.mark.parametrize("account", ["another", "the server's"])
    def test_another_account_cannot_connect(
        self,
        server: postgres.Server,
        data_dir: Path,
        python: Callable[..., subprocess.Popen[str]],
        account: str,
    ) -> None:
        folder = read_folder(server.data_dir)
        assert folder is not None
        uid = another_account().pw_uid
        if account == "the server's":  # it can reach the socket, and is sent away
            uid = folder.account().uid
        url = server.superuser_url("postgres")
        program = AS_ANOTHER + (
            "for one in (url, url.replace('postgres@', 'wijkspil@')):\n"
            "    try:\n"
            "        psycopg.connect(one)\n"
            "    except psycopg.OperationalError as error:\n"
            "        print(error)\n"
        )
        process = python(program, uid, data_dir, url, data_dir.parent / "binaries")
        out, error = process.communicate(timeout=30)
        assert error == ""
        reason = (
            "Permission denied"
            if account == "another"
            else "Peer authentication failed"
        )
        assert out.count(reason) == 2, out

    @needs_root
    def test_a_folder_of_root_is_refused_to_an_ordinary_user_in_words(
        self,
        server: postgres.Server,
        data_dir: Path,
        python: Callable[..., subprocess.Popen[str]],
    ) -> None:
        program = AS_ANOTHER + (
            "try:\n"
            "    postgres.ensure_running(data_dir)\n"
            "except postgres.PostgresError as error:\n"
            "    print(type(error).__name__, error.remedy)\n"
        )
        process = python(
            program,
            another_account().pw_uid,
            server.data_dir,
            server.url("postgres"),
            data_dir.parent / "binaries",
        )
        out, error = process.communicate(timeout=30)
        assert out.startswith(FolderNotOurs.__name__ + " Run the command as root"), (
            out,
            error,
        )


class TestRefusals:
    def test_data_of_another_major_version_are_refused(self, data_dir: Path) -> None:
        postgres.ensure_running(data_dir, durable=False)
        postgres.stop(data_dir)
        folder = read_folder(data_dir)
        assert folder is not None
        (folder.cluster / "PG_VERSION").write_text("16\n")
        with pytest.raises(VersionMismatch, match="made by PostgreSQL 16"):
            postgres.ensure_running(data_dir, durable=False)

    def test_test_data_never_pass_for_real_data(self, server: postgres.Server) -> None:
        with pytest.raises(NotDurable, match="made for tests"):
            postgres.ensure_running(server.data_dir)

    @pytest.mark.parametrize("name", ["a$HOME", "a`id`", 'a"b', "a\\b", "a\nb"])
    def test_a_name_the_shell_would_read_otherwise_is_refused(
        self, data_dir: Path, name: str
    ) -> None:
        with pytest.raises(FolderUnusable, match="hands the name to a shell"):
            postgres.ensure_running(data_dir.parent / name)

    def test_a_file_in_the_place_of_the_folder_is_named(self, data_dir: Path) -> None:
        data_dir.write_text("not a folder")
        with pytest.raises(FolderUnusable, match=str(data_dir)):
            postgres.ensure_running(data_dir / "postgres")

    def test_a_damaged_record_is_named_and_kept(self, data_dir: Path) -> None:
        data_dir.mkdir()
        record = data_dir / "record.json"
        for text in ("", "{", "[]", '{"token": "x"}', '{"other": 1}'):
            record.write_text(text)
            with pytest.raises(FolderUnusable, match=r"record\.json is damaged"):
                postgres.ensure_running(data_dir)
            assert record.read_text() == text
        record.unlink()

    def test_a_lock_held_too_long_is_reported(self, data_dir: Path) -> None:
        with (
            locked(data_dir),
            pytest.raises(LockTimeout, match="fuser"),
            locked(data_dir, timeout_s=0.1),
        ):
            pass

    def test_a_full_disk_is_told_from_other_failures(
        self, server: postgres.Server
    ) -> None:
        folder = read_folder(server.data_dir)
        assert folder is not None
        said = 'FATAL:  could not write lock file "postmaster.pid": No space left on'
        assert isinstance(_explain(folder, "pg_ctl", f"{said} device"), DiskFull)
        error = _explain(folder, "pg_ctl", "FATAL:  could not x: Permission denied")
        assert isinstance(error, FolderUnusable)
        assert not isinstance(error, DiskFull)
