"""`tiepnhan erase`: one conversation, after a question, beside running gateways or without any."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from app.cli import app
from storage.migrate import migrate
from storage.seal import Seal, key_from_file


@pytest.fixture
def set_up(tmp_path: Path, fresh_database: Callable[[], str]) -> tuple[Path, str]:
    """A settings file and the database's URL, with one conversation in it."""
    url = fresh_database()
    migrate(url)
    seal: Seal = Seal(key_from_file(tmp_path / "data.key"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "insert into conversations (peer_index, peer, channel, account, profile, seq, name)"
            " values ('i', %s, 'zalo', 'oa', 'tien-giang', 1, 'name')",
            [seal.close(b"u1", b"peer")],
        )
    file = tmp_path / "tiepnhan.toml"
    file.write_text(f'database = "{url}"\nfolder = "{tmp_path}"\nblobs = "{tmp_path}/blobs"\n')
    return file, url


def names(url: str) -> list[object]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select name from conversations").fetchall()]


def test_nothing_is_erased_without_a_yes(set_up: tuple[Path, str]) -> None:
    file, url = set_up

    done = CliRunner().invoke(app, ["erase", "1", "--config", str(file)], input="n\n")

    assert done.exit_code == 1 and names(url) == [b"name"]


def test_a_conversation_is_erased_and_its_code_is_told(set_up: tuple[Path, str]) -> None:
    file, url = set_up

    done = CliRunner().invoke(app, ["erase", "1", "--config", str(file)], input="y\n")

    assert done.exit_code == 0 and "đã xóa (mã " in done.output
    assert names(url) == [None]


def test_an_unknown_conversation_is_said_to_be_unknown(set_up: tuple[Path, str]) -> None:
    file, _ = set_up

    done = CliRunner().invoke(app, ["erase", "77", "--yes", "--config", str(file)])

    assert done.exit_code == 1 and "Không có cuộc trao đổi 77" in done.output
