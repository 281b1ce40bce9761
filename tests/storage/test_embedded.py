"""The PostgreSQL that the gateway brings along."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from storage.embedded import EmbeddedPostgres


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "pg", fsync=False)
    yield made
    made.stop()


def test_a_new_folder_becomes_a_running_server(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.start()) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)


def test_starting_twice_is_one_server(server: EmbeddedPostgres, tmp_path: Path) -> None:
    server.start()
    pid = server.pid()

    EmbeddedPostgres(tmp_path / "pg", fsync=False).start()

    assert server.pid() == pid


def test_what_was_committed_survives_kill_9_of_the_server(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "pg")
    with psycopg.connect(server.start(), autocommit=True) as connection:
        connection.execute("create table kept (x int)")
        connection.execute("insert into kept values (1)")
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.running():
        """The kernel takes a moment to end a process."""

    with psycopg.connect(server.start()) as connection:
        found = connection.execute("select x from kept").fetchone()
    server.stop()
    assert found == (1,)


def test_the_server_of_a_killed_program_is_found_again(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import os, signal
        from pathlib import Path
        from storage.embedded import EmbeddedPostgres
        EmbeddedPostgres(Path({str(tmp_path / "pg")!r}), fsync=False).start()
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", program], check=False)

    server = EmbeddedPostgres(tmp_path / "pg", fsync=False)
    running = server.running()
    server.stop()

    assert running


def test_a_left_over_pid_file_of_another_program_does_not_stop_the_start(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.folder / "postmaster.pid").write_text(f"{os.getpid()}\n{server.folder}\n1\n5432\n/nowhere\n\n1 1\nready\n")

    with psycopg.connect(server.start()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_the_server_never_runs_as_root(server: EmbeddedPostgres) -> None:
    """Whoever starts it: root gives its rights up first."""
    server.start()

    assert Path(f"/proc/{server.pid()}").stat().st_uid != 0


def test_nobody_else_may_use_the_socket(server: EmbeddedPostgres) -> None:
    folder = Path(server.start().partition("host=")[2])

    assert folder.stat().st_mode & 0o077 == 0
