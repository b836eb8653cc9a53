"""Explanation: a known error as it was met, with what its message caught filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from layerscope.policies.errors import PLACEHOLDER, Cause, CodeRow, Cure, ErrorRow, KnownErrors, When
from layerscope.policies.fitted_values import fit_values
from layerscope.policies.image_values import NO_IMAGE
from layerscope.policies.providers import fit_providers

_PLAIN_WORD: Final = re.compile(r"[\w./][\w./+:@%,=-]{0,400}", re.ASCII)
"""What a shell takes as one word, and no program as an option."""

_QUOTED_WORD: Final = re.compile(r"\w[\x20-\x26\x28-\x7e]{0,400}", re.ASCII)
"""What stands between single quotes."""

_PIP: Final = re.compile(r"(?<![\w./-])(?:python3? -m )?pip (install|uninstall)\b")
"""pip by a name that need not be the one of the container's Python."""


class Likeness(IntEnum):
    """How an error was recognised, the surest first."""

    NAME = 0
    MESSAGE = 1
    CODE = 2
    SYMPTOM = 3


@dataclass(frozen=True)
class Explanation:
    """What is known of an error, and the words by which it was recognised."""

    id: str
    title: str
    likeness: Likeness
    quotes: tuple[str, ...]
    """The words that were recognised, at their first places; empty where the error was asked for by its id."""
    values: Mapping[str, str]
    when: When
    silent: bool
    meaning: str
    causes: tuple[str, ...]
    host: tuple[str, ...]
    image: tuple[str, ...]
    cures: tuple[Cure, ...]
    rules: tuple[str, ...]
    threads: tuple[str, ...]
    source: str


def explain_row(
    row: ErrorRow,
    known: KnownErrors,
    likeness: Likeness,
    quotes: tuple[str, ...] = (),
    values: Mapping[str, str] | None = None,
    *,
    image: Mapping[str, str] = NO_IMAGE,
) -> Explanation:
    """The explanation of a row, with the values that its expression caught, fitted to what is known of an image."""
    values = values or {}
    caught = {**image, **fit_values(values, image), **fit_providers(values, known), **values}
    return Explanation(
        id=row.id,
        title=_fill(row.title, caught),
        likeness=likeness,
        quotes=quotes,
        values=values,
        when=row.when,
        silent=row.silent,
        meaning=_fill(row.meaning, caught),
        causes=tuple(_fill(cause.text, caught) for cause in map(_as_cause, row.causes) if _holds(cause, caught)),
        host=tuple(_fill_command(line, caught) for line in row.host),
        image=tuple(_fill_command(line, caught) for line in row.image),
        cures=tuple(
            Cure(_fill(cure.title, caught), tuple(_fill_command(line, caught) for line in cure.commands))
            for cure in row.cures
            if _holds(cure, caught)
        ),
        rules=row.rules,
        threads=row.threads,
        source=row.source,
    )


def fit_explanation(explanation: Explanation, known: KnownErrors, image: Mapping[str, str]) -> Explanation:
    """The same explanation, its causes and cures fitted to what is known of an image (see `IMAGE_VALUES`)."""
    row = known.rows.get(explanation.id)
    if row is None:
        return explanation
    return explain_row(row, known, explanation.likeness, explanation.quotes, explanation.values, image=image)


def explain_code(code: CodeRow, likeness: Likeness, quotes: tuple[str, ...] = ()) -> Explanation:
    """The explanation of a code that no row tells more about."""
    names = f"{code.name}, {code.driver_name} of the driver" if code.driver_name else code.name
    return Explanation(
        id=f"code-{code.number}",
        title=f"CUDA error {code.number}: {code.text}",
        likeness=likeness,
        quotes=quotes,
        values={},
        when="run",
        silent=False,
        meaning=f"Code {code.number} is {names}.",
        causes=(code.suspect,),
        host=(),
        image=(),
        cures=(),
        rules=(),
        threads=(),
        source=code.source,
    )


def _as_cause(cause: str | Cause) -> Cause:
    return Cause(cause) if isinstance(cause, str) else cause


def _holds(told: Cause | Cure, values: Mapping[str, str]) -> bool:
    """Whether a cause or cure applies, by the values that are known."""
    wanted, unwanted = filter(None, told.only_if.split("|")), filter(None, told.unless.split("|"))
    return (not told.only_if or any(map(values.get, wanted))) and not any(map(values.get, unwanted))


def _fill(text: str, values: Mapping[str, str]) -> str:
    """A sentence with the values that were caught."""
    return PLACEHOLDER.sub(lambda place: _choose(place, values) or place["otherwise"], text)


def _fill_command(line: str, values: Mapping[str, str]) -> str:
    """A command with the values that were caught, except those that a shell would read as more than a word."""

    def replace(place: re.Match[str]) -> str:
        value = _choose(place, values)
        is_quoted = line[: place.start()].endswith("'") and line[place.end() :].startswith("'")
        fits = (_QUOTED_WORD if is_quoted else _PLAIN_WORD).fullmatch(value) if value else None
        return value if fits else place["otherwise"]

    return _name_python(PLACEHOLDER.sub(replace, line), values)


def _name_python(line: str, values: Mapping[str, str]) -> str:
    """A command with the image's own Python for pip; with leave to go in where the system keeps pip out (PEP 668)."""
    python = values.get("python", "")
    if not _PLAIN_WORD.fullmatch(python) or "--break-system-packages" in line:
        return line
    leave = " --break-system-packages" if values.get("managed") else ""
    return _PIP.sub(lambda found: f"{python} -m pip {found[1]}{leave}", line)


def _choose(place: re.Match[str], values: Mapping[str, str]) -> str:
    return next((values[group] for group in place["groups"].split("|") if values.get(group)), "")
