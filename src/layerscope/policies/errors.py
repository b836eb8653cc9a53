"""Known errors: what containers, the CUDA driver and GPU frameworks print, with what it means, its causes and cures."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import msgspec

from layerscope.errors import PolicyError
from layerscope.policies.fitted_values import FITTED
from layerscope.policies.image_values import IMAGE_VALUES
from layerscope.policies.table import Row, Table, read_table

NAME: Final = "errors"

MAX_EXPRESSION: Final = 1000
"""Characters of an expression; the longest of ours has 350."""

PLACEHOLDER: Final = re.compile(r"\{(?P<groups>[a-z_]{1,40}(?:\|[a-z_]{1,40}){0,4})\|(?P<otherwise>[^{}|]{0,200})\}")
"""`{group|otherwise}`, also with several groups, of which the first one that caught something counts."""

_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_CLASS: Final = re.compile(r"\[\^?\]?[^\]]*\]")
_POSSESSIVE: Final = re.compile(r"(?<=[}?])\+")
_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")

When = Literal["build", "unpack", "create", "start", "import", "init", "load", "run"]


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cause that is told `only_if` one of these values is known, and not where one of `unless` is (`one|other`)."""

    text: str
    only_if: str = ""
    unless: str = ""


class Cure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change that helps, and the commands for it, where there are any; told under conditions, like a cause."""

    title: str
    commands: tuple[str, ...]
    only_if: str = ""
    unless: str = ""


class ErrorRow(Row, frozen=True, kw_only=True):
    """One known error: how it is recognised, and all that a person should know of it."""

    id: str
    title: str
    message: str = ""
    """An expression for what a program prints."""
    symptom: str = ""
    """An expression for what a person says where nothing is printed."""
    examples: tuple[str, ...]
    when: When
    silent: bool
    """Whether the program goes on, as if nothing were."""
    special_case_of: tuple[str, ...] = ()
    """Errors whose message this one's is too; where both match, they are left out."""
    meaning: str
    causes: tuple[str | Cause, ...]
    """The most likely first."""
    host: tuple[str, ...]
    image: tuple[str, ...]
    cures: tuple[Cure, ...]
    rules: tuple[str, ...]
    """Names of the rules whose findings are evidence for this error."""
    threads: tuple[str, ...]
    """Issues in which people met it: `owner/repository#number`."""


class CodeRow(Row, frozen=True, kw_only=True):
    """One code of the CUDA runtime, which the driver mostly shares."""

    number: int
    name: str
    driver_name: str = ""
    text: str
    suspect: str
    error: str = ""
    """The row that tells all about it."""


class ModuleRow(Row, frozen=True, kw_only=True):
    """A module that is imported under another name than that of the distribution which provides it."""

    module: str
    distribution: str


class LibraryRow(Row, frozen=True, kw_only=True):
    """A library, and the package of Debian and Ubuntu that holds it."""

    soname: str
    debian: str


class ErrorTable(Table, frozen=True, kw_only=True):
    """The table as it is written."""

    error: tuple[ErrorRow, ...]
    code: tuple[CodeRow, ...]
    module: tuple[ModuleRow, ...] = ()
    library: tuple[LibraryRow, ...] = ()


@dataclass(frozen=True)
class KnownErrors:
    """The table, its expressions compiled."""

    table: ErrorTable
    messages: Mapping[str, re.Pattern[str]]
    """By id of the row."""
    symptoms: Mapping[str, re.Pattern[str]]

    @property
    def rows(self) -> Mapping[str, ErrorRow]:
        """The errors by id."""
        return {row.id: row for row in self.table.error}

    @property
    def codes(self) -> Mapping[int, CodeRow]:
        """The codes by number."""
        return {row.number: row for row in self.table.code}

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The distribution of each module that is called otherwise."""
        return {row.module: row.distribution for row in self.table.module}

    @cached_property
    def libraries(self) -> Mapping[str, str]:
        """Debian's package of each library that is known."""
        return {row.soname: row.debian for row in self.table.library}


def read_errors(directory: Path | None = None) -> KnownErrors:
    """The known errors; raises PolicyError for a table that contradicts itself."""
    table = read_table(NAME, ErrorTable, directory)
    known = KnownErrors(
        table,
        {row.id: _compile(row.id, row.message) for row in table.error if row.message},
        {row.id: _compile(row.id, row.symptom) for row in table.error if row.symptom},
    )
    for trouble in _iter_troubles(known):
        raise PolicyError(f"reading the table {NAME}: {trouble}")
    return known


def is_bounded(expression: str) -> bool:
    """Whether no part of an expression repeats without end, so that hostile text cannot keep it busy for ever."""
    bare = _POSSESSIVE.sub("", _CLASS.sub("", _ESCAPED.sub("_", expression)))
    return _UNBOUNDED.search(bare) is None


def iter_texts(row: ErrorRow) -> Iterator[str]:
    """Every text of a row that may hold placeholders."""
    causes = (cause.text if isinstance(cause, Cause) else cause for cause in row.causes)
    yield from (row.title, row.meaning, *causes, *row.host, *row.image)
    for cure in row.cures:
        yield from (cure.title, *cure.commands)


def _compile(name: str, expression: str) -> re.Pattern[str]:
    if len(expression) > MAX_EXPRESSION or not is_bounded(expression):
        raise PolicyError(
            f"reading the table {NAME}: {name}: expected an expression of at most {MAX_EXPRESSION} characters whose "
            "repetitions all have an end"
        )
    try:
        return re.compile(expression, re.MULTILINE)
    except re.error as error:
        raise PolicyError(f"reading the table {NAME}: {name}: {error}") from error


def _iter_troubles(known: KnownErrors) -> Iterator[str]:
    """Whatever the table's own law forbids."""
    ids = Counter(row.id for row in known.table.error)
    names = Counter([*(row.module for row in known.table.module), *(row.soname for row in known.table.library)])
    yield from (f"{name!r} has two rows, expected one" for name, count in names.items() if count > 1)
    numbers = Counter(code.number for code in known.table.code)
    yield from (f"the error {name!r} has two rows, expected one" for name, count in ids.items() if count > 1)
    yield from (f"the code {number} has two rows, expected one" for number, count in numbers.items() if count > 1)
    for row in known.table.error:
        yield from (f"{row.id}: {trouble}" for trouble in _iter_row_troubles(row, known))
    for code in known.table.code:
        if not (code.text and code.name and code.suspect):
            yield f"code {code.number}: expected a name, a text and a suspect"
        if code.error and code.error not in known.rows:
            yield f"code {code.number}: there is no error {code.error!r}"


def _iter_row_troubles(row: ErrorRow, known: KnownErrors) -> Iterator[str]:
    if not ((row.message or row.symptom) and row.causes and row.cures and row.examples):
        yield "expected a message or a symptom, causes, cures and examples"
    for name in row.special_case_of:
        if name == row.id or name not in known.rows:
            yield f"it cannot be a special case of {name!r}"
    patterns = [pattern for pattern in (known.messages.get(row.id), known.symptoms.get(row.id)) if pattern]
    for example in row.examples:
        if not any(pattern.search(example) for pattern in patterns):
            yield f"its example {example[:80]!r} is not recognised"
    groups = {group for pattern in patterns for group in pattern.groupindex}
    used = [place["groups"] for text in iter_texts(row) for place in PLACEHOLDER.finditer(text)]
    told = [each for each in (*row.causes, *row.cures) if not isinstance(each, str)]
    for names in (*used, *filter(None, (name for each in told for name in (each.only_if, each.unless)))):
        unknown = set(names.split("|")) - groups - FITTED - IMAGE_VALUES
        if unknown:
            yield f"no group of its expressions is called {min(unknown)!r}"
