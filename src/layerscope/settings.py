"""Settings: what `layerscope.toml` or `[tool.layerscope]` says, from the working directory up to the repository root.

The file is part of the project that is audited, so it may choose what an option could choose, with one exception: a
report named in it is written below the folder of the file, never elsewhere.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from layerscope.errors import SettingsError

OWN_FILE: Final = "layerscope.toml"
PROJECT_FILE: Final = "pyproject.toml"

PROJECT_TABLE: Final = "tool.layerscope"
"""The table of a `pyproject.toml` that is such a file."""

MAX_FILE_SIZE: Final = 1 << 20
"""Bytes of a settings file; real ones have a few hundred."""

KEYS: Final[Mapping[str, type]] = {
    "base": str,
    "cache-dir": str,
    "debug": bool,
    "driver": str,
    "fail-on": str,
    "fleet": str,
    "gpu": list,
    "ignore-base": bool,
    "in-place": str,
    "jobs": int,
    "limit": int,
    "max-layer-entries": int,
    "max-layer-size": str,
    "no-cache-read": bool,
    "no-color": bool,
    "no-progress": bool,
    "offline": bool,
    "output": list,
    "platform": str,
    "policy-dir": str,
    "quiet": bool,
}
"""Every key, which is the long name of an option, and the type of its value; a list may be written as one string."""

CHECK_TABLE: Final = "check"
"""The table of what `layerscope check` demands, which reads it itself."""

_PATHS: Final = frozenset({"cache-dir", "fleet", "policy-dir"})
"""Keys whose value is a path, meant from the folder of the file."""

_TYPE_NAMES: Final = {str: "a string", int: "an integer", bool: "true or false", list: "a string or a list of strings"}


@dataclass(frozen=True)
class Settings:
    """The values of one settings file by key, and its table `[check]`; empty, and without a path, without a file."""

    path: Path | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    check: Mapping[str, object] = field(default_factory=dict)


def read_settings(start: Path) -> Settings:
    """Return the settings nearest to `start`; raises SettingsError for a file that does not parse or says too much."""
    for folder in _iter_folders(start):
        own = _find_own_table(folder / OWN_FILE)
        project = _find_tool_table(folder / PROJECT_FILE)
        if own is not None and project is not None:
            raise SettingsError(
                f"reading settings in {folder}: expected {OWN_FILE} or [tool.layerscope] of {PROJECT_FILE}, found both"
            )
        if own is not None:
            return _make(own, folder / OWN_FILE)
        if project is not None:
            return _make(project, folder / PROJECT_FILE)
    return Settings()


def _iter_folders(start: Path) -> Iterator[Path]:
    """The folders to look in: up to the repository root, and `start` alone outside a repository.

    Going further up would let whoever may write to a shared parent, such as /tmp, choose the settings.
    """
    start = start.absolute()
    folders = [start, *start.parents]
    root = next((position for position, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    yield from folders[: root + 1]


def _find_own_table(path: Path) -> Mapping[str, object] | None:
    content = _find_content(path)
    return None if content is None else _parse_toml(content, path)


def _find_tool_table(path: Path) -> Mapping[str, object] | None:
    content = _find_content(path)
    if content is None or b"layerscope" not in content:  # somebody else's file need not even parse
        return None
    tool = _parse_toml(content, path).get("tool")
    table = tool.get("layerscope") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"reading settings from {path}: tool.layerscope: expected a table")
    return table


def _find_content(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_SIZE + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(f"reading settings from {path}: {error.strerror}") from error
    if len(content) > MAX_FILE_SIZE:
        raise SettingsError(f"reading settings from {path}: the file is larger than {MAX_FILE_SIZE} bytes")
    return content


def _parse_toml(content: bytes, path: Path) -> Mapping[str, object]:
    import tomli

    try:
        return tomli.loads(content.decode("utf-8-sig"))  # some editors put a byte order mark before everything
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, or nested without end
        raise SettingsError(f"reading settings from {path}: expected TOML: {error}") from error


def _make(table: Mapping[str, object], path: Path) -> Settings:
    demands = table.get(CHECK_TABLE, {})
    if not isinstance(demands, dict):
        raise SettingsError(f"reading settings from {path}: key {CHECK_TABLE!r}: expected a table, found {demands!r}")
    options = {key: value for key, value in table.items() if key != CHECK_TABLE}
    return Settings(path, _check(options, path), demands)


def _check(table: Mapping[str, object], path: Path) -> Mapping[str, object]:
    for key in table:
        if key not in KEYS:
            names = (*KEYS, CHECK_TABLE)
            near = difflib.get_close_matches(key, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the keys are {', '.join(names)}"
            raise SettingsError(f"reading settings from {path}: unknown key {key!r}; {hint}")
    return {key: _check_value(key, value, path) for key, value in table.items()}


def _check_value(key: str, value: object, path: Path) -> object:
    expected = KEYS[key]
    values = value if isinstance(value, list) else [value]
    if any(isinstance(each, str) and "\0" in each for each in values):
        raise SettingsError(f"reading settings from {path}: key {key!r}: expected no NUL, found {value!r}")
    if expected is list:
        texts = [value] if isinstance(value, str) else value
        if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
            return [_place_output(text, path) for text in texts] if key == "output" else texts
    elif type(value) is expected:
        return str(path.parent / value) if key in _PATHS and isinstance(value, str) else value
    raise SettingsError(f"reading settings from {path}: key {key!r}: expected {_TYPE_NAMES[expected]}, found {value!r}")


def _place_output(text: str, path: Path) -> str:
    """Resolve the path of `FORMAT=PATH` against the folder of the settings file, and keep it there."""
    name, equals, target = text.partition("=")
    if not equals:
        return text
    relative = PurePosixPath(target)
    if relative.is_absolute() or ".." in relative.parts:
        raise SettingsError(
            f"reading settings from {path}: output {text!r}: expected a path below {path.parent}; "
            "a report elsewhere is asked for on the command line"
        )
    return f"{name}={path.parent / relative}"
