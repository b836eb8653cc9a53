"""Command lines are looked through for what runs in the end."""

import pytest

from layerscope.facts.system.commands import (
    find_final_command,
    find_shell_script,
    is_python,
    is_shell,
    split_commands,
    strip_wrappers,
)


@pytest.mark.parametrize(
    ("command", "final"),
    [
        ("python app.py", "python app.py"),
        ("tini -- python -u app.py", "python -u app.py"),
        ("/usr/bin/dumb-init -v python app.py", "python app.py"),
        ("gosu app:app uvicorn main:app", "uvicorn main:app"),
        ("env A=1 B=2 python app.py", "python app.py"),
        ("uv run --no-sync uvicorn main:app", "uvicorn main:app"),
        ("conda run -n ml --no-capture-output python app.py", "python app.py"),
        ("timeout 60 python app.py", "python app.py"),
        ("numactl --cpunodebind 0 python app.py", "python app.py"),
        ("opentelemetry-instrument gunicorn app", "gunicorn app"),
        ("tini", "tini"),
    ],
)
def test_strips_wrappers(command: str, final: str) -> None:
    """Init programs, user switchers, environment managers, with their options."""
    assert strip_wrappers(command.split()) == final.split()


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("cd /app && exec python app.py", ["python", "app.py"]),
        ("python migrate.py; python app.py", ["python", "app.py"]),
        ("exec gunicorn -b 0.0.0.0:80 app", ["gunicorn", "-b", "0.0.0.0:80", "app"]),
        ("A=1 python app.py", ["python", "app.py"]),
        ("", []),
        ("python 'unclosed", ["python", "'unclosed"]),
    ],
)
def test_takes_the_last_command_of_a_shell_form(text: str, final: list[str]) -> None:
    """The others ran before."""
    assert find_final_command(["/bin/sh", "-c", text]) == final


def test_looks_through_shells_in_shells() -> None:
    """To a bound."""
    assert find_final_command(["bash", "-lc", "sh -c 'python app.py'"]) == ["python", "app.py"]


@pytest.mark.parametrize(
    ("command", "script"),
    [
        (["/bin/sh", "-c", "x"], "x"),
        (["bash", "-euo", "pipefail", "-c", "x"], "x"),
        (["sh", "-ec", "x"], "x"),
        (["sh", "script.sh"], None),
        (["python", "-c", "x"], None),
        (["sh", "-c"], ""),
        ([], None),
    ],
)
def test_finds_the_text_of_a_shell_form(command: list[str], script: str | None) -> None:
    """A script file is no text."""
    assert find_shell_script(command) == script


def test_splits_commands_at_operators_alone() -> None:
    """Quotes hold words together, and an empty word is one."""
    assert split_commands("a 'b && c' \"\" && d | e\nf") == [["a", "b && c", ""], ["d"], ["e"], ["f"]]


def test_tells_programs_by_name() -> None:
    """Versions and paths make no difference."""
    assert all(is_python(word) for word in ("python", "/usr/bin/python3.12", "pypy3", "python3.13t"))
    assert not any(is_python(word) for word in ("pythonic", "ipython", "python-config"))
    assert is_shell("/bin/bash")
    assert not is_shell("/bin/bashful")
