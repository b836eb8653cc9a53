"""`layerscope extract` on fixture images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Answer = Callable[..., tuple[int, bytes, str]]


def test_a_directory_is_written(answer: Answer, service: Path, tmp_path: Path) -> None:
    """Under the name given, with what was left out told on standard error."""
    code, out, err = answer("extract", service, "/app", "-d", "out")
    assert code == 0
    assert out == b"wrote 1 file, 1 directory, 19 B, to out\n"
    assert err == "left out /app/current: an absolute symlink is not written\n"
    assert (tmp_path / "out" / "serve.py").stat().st_mode & 0o111


def test_a_file_goes_into_a_folder_that_is_there(answer: Answer, service: Path, tmp_path: Path) -> None:
    """As with `docker cp`; the current folder is the default."""
    answer("extract", service, "/etc/os-release")
    assert (tmp_path / "os-release").read_text().startswith("ID=")


def test_a_slash_after_the_target_makes_a_folder_for_a_file(answer: Answer, service: Path, tmp_path: Path) -> None:
    """Without it, the target is the file's name, and the answer says so."""
    assert answer("extract", service, "/etc/os-release", "-d", "new/")[1].endswith(b", as new/os-release\n")
    assert (tmp_path / "new" / "os-release").is_file()
    assert answer("extract", service, "/etc/os-release", "-d", "name")[1].endswith(b", as name\n")
    assert (tmp_path / "name").is_file()


def test_a_deleted_file_can_be_had_from_its_layer(answer: Answer, service: Path, tmp_path: Path) -> None:
    """`--layer` writes what that layer brings."""
    assert answer("extract", service, "/app/.netrc", "--layer", 2)[0] == 0
    assert (tmp_path / ".netrc").exists()


def test_files_are_not_replaced_unless_asked_for(answer: Answer, service: Path, tmp_path: Path) -> None:
    """What is there stays there."""
    (tmp_path / "os-release").write_text("mine")
    assert answer("extract", service, "/etc/os-release")[0] == 1
    assert (tmp_path / "os-release").read_text() == "mine"
    assert answer("extract", service, "/etc/os-release", "--overwrite")[0] == 0
    assert (tmp_path / "os-release").read_text() != "mine"


def test_a_program_is_told_everything(document: Callable[..., Any], service: Path) -> None:
    """Counts, bytes and what was left out."""
    written = document("extract", service, "/app", "-d", "out")
    assert (written.pop("schema_version"), written.pop("tool")["name"]) == (1, "layerscope")
    assert written == {
        "target": "out",
        "files": 1,
        "directories": 1,
        "links": 0,
        "size": 19,
        "skipped": [{"path": "/app/current", "reason": "an absolute symlink is not written"}],
    }


def test_what_is_left_out_is_told_up_to_a_limit(answer: Answer, service: Path) -> None:
    """A long list is counted; quiet says nothing."""
    assert answer("extract", service, "/app", "-d", "a", "--limit", 0)[2].count("left out") == 1
    assert answer("extract", service, "/app", "-d", "b", "-q")[2] == ""


def test_a_path_that_is_not_written_is_a_failure(answer: Answer, service: Path, tmp_path: Path) -> None:
    """An absolute symlink asked for by name: nothing is made, and the way to its content is told."""
    code, out, err = answer("extract", service, "/app/current", "-d", "new")
    assert (code, out) == (1, b"")
    assert "wrote nothing: an absolute symlink is not written; --follow writes what it leads to" in err
    assert not list(tmp_path.iterdir())


def test_what_is_in_the_way_names_the_option_that_replaces_it(answer: Answer, service: Path, tmp_path: Path) -> None:
    """The option stands in the message."""
    (tmp_path / "os-release").write_text("mine")
    assert "'os-release' is there already (--overwrite replaces it)" in answer("extract", service, "/etc/os-release")[2]


def test_a_missing_folder_is_told_plainly(answer: Answer, service: Path) -> None:
    """For a file and for a directory alike."""
    for path in ("/etc/os-release", "/etc"):
        code, _, err = answer("extract", service, path, "-d", "no/where")
        assert code == 1
        assert f"extracting {path} to 'no/where': there is no folder 'no'; make it first" in err


def test_an_interrupted_copy_says_that_something_may_stay(
    answer: Answer, service: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is the user's, and the next run meets it."""

    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("layerscope.cli.commands.extract.extract", interrupt)
    code, _, err = answer("extract", service, "/app", "-d", "out")
    assert code == 130
    assert "stopped: what was written to out so far stays there" in err
