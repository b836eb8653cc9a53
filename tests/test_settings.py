"""Settings come from one file, found upwards to the repository root, and an unknown key is an error."""

from pathlib import Path

import pytest

from layerscope.errors import SettingsError
from layerscope.settings import MAX_FILE_SIZE, Settings, read_settings


def _repository(root: Path) -> Path:
    (root / ".git").mkdir()
    below = root / "a" / "b"
    below.mkdir(parents=True)
    return below


def test_without_a_file_there_are_no_settings(tmp_path: Path) -> None:
    """Nothing is found, and that is no error."""
    assert read_settings(tmp_path) == Settings()


def test_the_projects_own_file_is_read(tmp_path: Path) -> None:
    """`layerscope.toml` holds the keys at its top."""
    (tmp_path / "layerscope.toml").write_text('fail-on = "low"\njobs = 3\nquiet = true\n')
    settings = read_settings(tmp_path)
    assert settings.path == tmp_path / "layerscope.toml"
    assert settings.values == {"fail-on": "low", "jobs": 3, "quiet": True}


def test_a_table_of_pyproject_is_read(tmp_path: Path) -> None:
    """`[tool.layerscope]` holds the same keys."""
    (tmp_path / "pyproject.toml").write_text('[tool.layerscope]\nplatform = "linux/arm64"\n')
    assert read_settings(tmp_path).values == {"platform": "linux/arm64"}


def test_a_pyproject_without_the_table_is_passed_by(tmp_path: Path) -> None:
    """Another tool's file is no settings file, even one that does not parse."""
    below = _repository(tmp_path)
    (below / "pyproject.toml").write_text("{{ template }}")
    (tmp_path / "layerscope.toml").write_text("jobs = 2")
    assert read_settings(below).values == {"jobs": 2}


def test_the_search_goes_up_to_the_repository_root(tmp_path: Path) -> None:
    """A file at the root counts for a folder below it."""
    below = _repository(tmp_path)
    (tmp_path / "layerscope.toml").write_text("jobs = 2")
    assert read_settings(below).values == {"jobs": 2}


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    """Files are not merged: the one closest to the work decides."""
    below = _repository(tmp_path)
    (tmp_path / "layerscope.toml").write_text('jobs = 2\nfail-on = "low"')
    (below / "layerscope.toml").write_text("jobs = 5")
    assert read_settings(below).values == {"jobs": 5}


def test_the_search_stops_at_the_repository_root(tmp_path: Path) -> None:
    """What lies above the repository is somebody else's."""
    (tmp_path / "layerscope.toml").write_text("jobs = 2")
    (tmp_path / "project").mkdir()
    assert read_settings(_repository(tmp_path / "project")) == Settings()


def test_outside_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    """Whoever may write to /tmp does not choose the settings of those who work below it."""
    (tmp_path / "layerscope.toml").write_text("jobs = 2")
    (tmp_path / "work").mkdir()
    assert read_settings(tmp_path / "work") == Settings()


def test_two_files_in_one_folder_are_an_error(tmp_path: Path) -> None:
    """It is never a guess which of them counts."""
    (tmp_path / "layerscope.toml").write_text("jobs = 2")
    (tmp_path / "pyproject.toml").write_text("[tool.layerscope]\njobs = 3")
    with pytest.raises(SettingsError, match="found both"):
        read_settings(tmp_path)


def test_an_unknown_key_names_the_nearest_one(tmp_path: Path) -> None:
    """A slip of the pen is not ignored in silence."""
    (tmp_path / "layerscope.toml").write_text('fail_on = "low"')
    with pytest.raises(SettingsError, match=r"unknown key 'fail_on'; did you mean 'fail-on'\?"):
        read_settings(tmp_path)


def test_an_unknown_key_like_no_other_lists_them_all(tmp_path: Path) -> None:
    """Where nothing is near, every key is named."""
    (tmp_path / "layerscope.toml").write_text("zzz = 1")
    with pytest.raises(SettingsError, match="the keys are base, cache-dir, debug"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('jobs = "two"', "key 'jobs': expected an integer, found 'two'"),
        ("jobs = true", "key 'jobs': expected an integer, found True"),
        ('quiet = "yes"', "key 'quiet': expected true or false"),
        ("fail-on = 3", "key 'fail-on': expected a string"),
        ("output = [1]", "key 'output': expected a string or a list of strings"),
        ("jobs =", "expected TOML"),
        ("jobs = 1 # \udcff", "expected TOML"),
    ],
)
def test_what_does_not_fit_says_where_and_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file, the key and the type."""
    (tmp_path / "layerscope.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError, match=message) as caught:
        read_settings(tmp_path)
    assert str(tmp_path / "layerscope.toml") in str(caught.value)


def test_a_tool_entry_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    """`tool.layerscope = 1` is not silently nothing."""
    (tmp_path / "pyproject.toml").write_text("[tool]\nlayerscope = 1")
    with pytest.raises(SettingsError, match="expected a table"):
        read_settings(tmp_path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A settings file has a ceiling."""
    (tmp_path / "layerscope.toml").write_bytes(b"#" * (MAX_FILE_SIZE + 1))
    with pytest.raises(SettingsError, match="larger than"):
        read_settings(tmp_path)


def test_a_cache_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    """Where the command is run from does not move the cache."""
    below = _repository(tmp_path)
    (tmp_path / "layerscope.toml").write_text('cache-dir = ".cache"')
    assert read_settings(below).values == {"cache-dir": str(tmp_path / ".cache")}


def test_an_output_is_placed_below_the_file(tmp_path: Path) -> None:
    """One string is a list of one, and its path is relative to the file."""
    (tmp_path / "layerscope.toml").write_text('output = "json=out/report.json"')
    assert read_settings(tmp_path).values == {"output": [f"json={tmp_path}/out/report.json"]}


@pytest.mark.parametrize("path", ["/etc/cron.d/x", "../x", "a/../../x"])
def test_an_output_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    """A checked-out project cannot have files of its choice written."""
    (tmp_path / "layerscope.toml").write_text(f'output = ["terminal", "json={path}"]')
    with pytest.raises(SettingsError, match="expected a path below"):
        read_settings(tmp_path)


def test_the_policy_is_a_table_of_its_own(tmp_path: Path) -> None:
    """`[check]` is no option, and whoever reads it checks what is in it."""
    (tmp_path / "layerscope.toml").write_text('jobs = 2\n[check]\nmax-size = "1GB"\n')
    settings = read_settings(tmp_path)
    assert (settings.values, settings.check) == ({"jobs": 2}, {"max-size": "1GB"})


def test_a_policy_that_is_no_table_is_refused(tmp_path: Path) -> None:
    """What was expected is told."""
    (tmp_path / "layerscope.toml").write_text("check = true\n")
    with pytest.raises(SettingsError, match="key 'check': expected a table, found True"):
        read_settings(tmp_path)
