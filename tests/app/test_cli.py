"""The command line: what an operator types, and what comes back when it is wrong."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg_pool import AsyncConnectionPool
from typer.main import get_command
from typer.testing import CliRunner, Result

from app import cli
from storage import deliveries
from storage.migrate import migrate
from storage.seal import Seal, key_from_file

SAMPLES = Path(__file__).parents[1]
PROFILES = Path(__file__).parents[2] / "regulations" / "profiles"
COMMANDS = get_command(cli.app).commands  # type: ignore[attr-defined]  # a group, which Typer's types do not say


@pytest.fixture(autouse=True)
def log_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that runs inside the tests must not redirect their log to a stream that ends with it."""
    monkeypatch.setattr("app.logs.configure", lambda **_: None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


def refusal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What the whole program says when it stops."""
    monkeypatch.setattr(sys, "argv", ["tiepnhan", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return str(stopped.value.code)


def test_the_commands_of_the_manual_exist() -> None:
    wanted = {"serve", "demo", "migrate", "doctor", "replay", "profile", "inspect", "understand", "rehearse"}

    assert wanted | {"case-store", "erase", "rasa", "simulator", "user"} == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_says_what_it_does(name: str) -> None:
    done = run(name, "--help")

    assert done.exit_code == 0
    assert COMMANDS[name].help


def test_help_loads_no_database_driver_and_no_client() -> None:
    program = (
        "import sys; sys.argv = ['tiepnhan', '--help']\n"
        "import app.cli\n"
        "try: app.cli.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'psycopg', 'sqlalchemy', 'telegram', 'uvicorn', 'procrastinate'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["zalo", "telegram"])
def test_every_recorded_delivery_can_be_inspected(channel: str) -> None:
    files = sorted(map(str, (SAMPLES / channel / "samples").glob("*.json")))

    done = run("inspect", channel, *files)

    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["file"] for line in lines] == [Path(file).name for file in files]
    assert all(event["kind"] for line in lines for event in line["events"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 5000, b'{"a": ' * 5000])
def test_what_is_no_delivery_is_ignored_with_its_reason(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x").write_bytes(body)

    done = run("inspect", "telegram", str(tmp_path / "x"))

    (event,) = json.loads(done.stdout)["events"]
    assert (event["kind"], done.exit_code) == ("Ignored", 0)


def test_a_text_message_becomes_an_event() -> None:
    done = run("inspect", "telegram", str(SAMPLES / "telegram" / "samples" / "message-text.json"))

    (event,) = json.loads(done.stdout)["events"]
    assert event["kind"] == "InboundMessage"


def test_understand_shows_what_was_read() -> None:
    read = json.loads(
        run("understand", "Đèn đường trước số 12 Nguyễn Trãi hỏng, tôi là Nguyễn Văn An 0912345678").stdout
    )

    assert read["name"] == "Nguyễn Văn An"
    assert "12 Nguyễn Trãi" in json.dumps(read["place"], ensure_ascii=False)


# --- profiles ---------------------------------------------------------------------------------------------------------


def test_a_sound_profile_passes_the_check() -> None:
    done = run("profile", "check", str(PROFILES / "bac-ninh.toml"))

    assert (done.exit_code, done.stdout) == (0, "")


def test_a_warning_is_shown_and_does_not_fail_the_check() -> None:
    done = run("profile", "check", str(PROFILES / "vinh-long.toml"))

    assert done.exit_code == 0
    assert ": lưu ý: " in done.stdout


def test_a_mistake_fails_the_check_with_its_line(tmp_path: Path) -> None:
    good = (PROFILES / "tien-giang.toml").read_text()
    bad = tmp_path / "tien-giang.toml"
    bad.write_text(good + '\n[[hotlines]]\nid = "9"\nlable = "x"\n')

    done = run("profile", "check", str(bad))

    assert done.exit_code == 1
    assert ": sai: " in done.stdout
    assert f":{len(good.splitlines()) + 4}: " in done.stdout


# --- what is wrong is one line ----------------------------------------------------------------------------------------


def test_a_misspelt_key_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "t.toml"
    config.write_text("listn = 1")

    assert refusal(monkeypatch, "serve", "--config", str(config)) == "tiepnhan: listn: unknown key"


def test_a_role_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "serve", "--roles", "web,cook") == "tiepnhan: --roles: cook"


def test_a_profile_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    said = refusal(monkeypatch, "understand", "--profile", "atlantis", "xin chào")

    assert said.startswith("tiepnhan: không có bộ quy tắc «atlantis»")


def test_a_channel_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "inspect", "pigeon", "x").startswith("tiepnhan: pigeon: ")


def test_a_file_that_does_not_exist_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, "inspect", "zalo", "/nowhere") == "tiepnhan: /nowhere: No such file or directory"


def test_a_database_that_is_away_is_one_line_without_its_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIEPNHAN_DATABASE", "postgresql://u:geheim@127.0.0.1:9/x")

    said = refusal(monkeypatch, "migrate")

    assert said == "tiepnhan: cơ sở dữ liệu không dùng được (OperationalError); xem: tiepnhan doctor"


def test_a_mistake_of_ours_still_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tiepnhan", "understand", "x"])
    monkeypatch.setattr("app.inspection.understand_text", lambda profile, text: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        cli.main()


# --- replay -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path, fresh_database: Callable[[], str]) -> tuple[str, str]:
    """The path of a configuration with one bot, and the URL of its migrated database."""
    url = fresh_database()
    migrate(url)
    path = tmp_path / "tiepnhan.toml"
    path.write_text(
        f'database = "{url}"\nfolder = "{tmp_path}"\nblobs = "{tmp_path}/blobs"\n'
        '[store]\nurl = "http://127.0.0.1:9/open311/v2"\npoll = false\n'
        '[[accounts]]\nchannel = "telegram"\naccount = "bot"\nprofile = "bac-ninh"\nbot_token = "1:x"\n'
        'webhook_secret = "s"\napi_base = "http://127.0.0.1:9"\n'
    )
    return str(path), url


def keep_aside(url: str, seal: Seal, body: bytes, account: str = "bot") -> None:
    async def keep() -> None:
        async with AsyncConnectionPool(url, min_size=1, open=False, kwargs={"autocommit": True}) as pool:
            await deliveries.keep(
                pool, channel="telegram", account=account, external_id=str(hash(body)), status="unreadable",
                reason="?", received_at=datetime.now(UTC), sealed=seal.close(body, b"delivery"),
            )  # fmt: skip

    asyncio.run(keep())


def count(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def test_a_delivery_that_can_be_read_by_now_is_taken(tmp_path: Path, config: tuple[str, str]) -> None:
    path, url = config
    keep_aside(url, Seal(key_from_file(tmp_path / "data.key")), sample("message-text"))

    done = run("replay", "1", "--config", path)

    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "1: đã nhận")
    assert (count(url, "events"), count(url, "deliveries")) == (1, 0)


def test_a_delivery_that_still_cannot_be_read_stays(tmp_path: Path, config: tuple[str, str]) -> None:
    path, url = config
    seal = Seal(key_from_file(tmp_path / "data.key"))
    keep_aside(url, seal, b"{")
    keep_aside(url, seal, sample("group-message"))
    keep_aside(url, seal, sample("message-text"), account="another")

    done = run("replay", "1", "2", "3", "4", "--config", path)

    said = [line.split(":")[1].strip() for line in done.stdout.splitlines()]
    assert said == [
        "vẫn không đọc được", "không phải tin của người dân", "tài khoản telegram", "không có số này",
    ]  # fmt: skip
    assert (done.exit_code, count(url, "deliveries"), count(url, "events")) == (1, 3, 0)


def sample(name: str) -> bytes:
    return (SAMPLES / "telegram" / "samples" / f"{name}.json").read_bytes()
