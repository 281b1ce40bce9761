"""What an operator writes is understood, or named at start."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Settings, SettingsError, load


def write(folder: Path, text: str) -> Path:
    path = folder / "tiepnhan.toml"
    path.write_text(text)
    return path


def problems(path: Path | None, **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(path, environment)
    return caught.value.problems


def test_nothing_has_to_be_configured_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert load(None, {}) == Settings()


def test_the_file_is_found_through_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, 'listen = "0.0.0.0:80"')

    assert load(None, {"TIEPNHAN_CONFIG": str(path)}).listen == "0.0.0.0:80"


def test_a_file_that_is_named_and_missing_stops_the_start(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere.toml") == [f"{tmp_path}/nowhere.toml: No such file or directory"]


def test_a_file_that_is_no_toml_stops_the_start(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, "listen = "))

    assert problem.startswith(f"{tmp_path}/tiepnhan.toml: ")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param('listn = "x"', "listn: unknown key", id="misspelt"),
        pytest.param('[store]\nulr = "x"', "store.ulr: unknown key", id="misspelt in a table"),
        pytest.param("[store]\npoll = 12", "store.poll: ", id="of another type"),
        pytest.param('[store]\ncontact = "phone"', "store.contact: ", id="not one of the choices"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, key: str) -> None:
    (problem,) = problems(write(tmp_path, text))

    assert problem.startswith(key)


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    assert problems(write(tmp_path, "a = 1\nb = 2")) == ["a: unknown key", "b: unknown key"]


def test_a_wrong_value_is_not_repeated_because_it_may_be_a_secret(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, "data_key = 271828"))

    assert "271828" not in problem


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'listen = "a:1"\n[store]\nurl = "http://file"')

    settings = load(path, {"TIEPNHAN_STORE__URL": "http://environment"})

    assert (settings.listen, settings.store.url) == ("a:1", "http://environment")


def test_accounts_can_be_set_and_added_through_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, '[[accounts]]\nchannel = "zalo"\naccount = "oa"')
    environment = {
        "TIEPNHAN_ACCOUNTS__0__APP_ID": "7",
        "TIEPNHAN_ACCOUNTS__1__CHANNEL": "telegram",
        "TIEPNHAN_ACCOUNTS__1__ACCOUNT": "bot",
    }

    assert load(path, environment).accounts == [
        {"channel": "zalo", "account": "oa", "app_id": "7"},
        {"channel": "telegram", "account": "bot"},
    ]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("TIEPNHAN_ACCOUNTS__2__CHANNEL", id="a gap in the list"),
        pytest.param("TIEPNHAN_ACCOUNTS__FIRST__CHANNEL", id="no number"),
        pytest.param("TIEPNHAN_ACCOUNTS__0", id="a table, not a value"),
        pytest.param("TIEPNHAN_LISTEN__PORT", id="inside a value"),
        pytest.param("TIEPNHAN_LISTN", id="misspelt"),
    ],
)
def test_a_variable_that_fits_nowhere_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, 'listen = "a:1"\n[[accounts]]\nchannel = "zalo"')

    (problem,) = problems(path, **{name: "x"})

    key = name.removeprefix("TIEPNHAN_").lower().replace("__", ".")
    assert problem.split(":")[0] in {name, key}


def test_a_list_of_values_can_be_set_through_the_environment(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), {"TIEPNHAN_FRAME_ANCESTORS__0": "https://a", "TIEPNHAN_STORE__POLL": "false"})

    assert (settings.frame_ancestors, settings.store.poll) == (["https://a"], False)


def test_other_programs_variables_are_left_alone(tmp_path: Path) -> None:
    assert load(write(tmp_path, ""), {"PATH": "/bin", "TIEPNHANX": "1"}) == Settings()


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bot").write_text("1:abc\n")
    (tmp_path / "key").write_text("k\n")
    path = write(
        tmp_path,
        f'[store]\napi_key_file = "{tmp_path}/key"\n[[accounts]]\nbot_token_file = "{tmp_path}/bot"',
    )

    settings = load(path, {})

    assert settings.store.api_key.get_secret_value() == "k"
    assert settings.accounts[0]["bot_token"] == "1:abc"


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    assert problems(write(tmp_path, '[store]\napi_key_file = "/nowhere/key"')) == [
        "/nowhere/key: No such file or directory"
    ]


def test_secrets_do_not_print_themselves(tmp_path: Path) -> None:
    path = write(tmp_path, 'data_key = "geheim1"\n[store]\napi_key = "geheim2"\npush_secret = "geheim3"')

    assert "geheim" not in repr(load(path, {}))


@given(st.text(alphabet="ABCDEFGHIJ_0123456789", max_size=30), st.text(max_size=10))
def test_no_variable_of_ours_ends_in_a_traceback(name: str, value: str) -> None:
    """Whatever stands in the environment: settings, or problems with names."""
    try:
        load(Path("/dev/null"), {f"TIEPNHAN_{name}": value})
    except SettingsError as error:
        assert error.problems
