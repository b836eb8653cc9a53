"""Requirements that one resolver has to see together, put into the command that installs what they are about."""

import re
import shlex
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, FileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.edits.joined_versions import Asked
from layerscope.fixes.dockerfile.edits.required_files import (
    INSTALL,
    RequiredFile,
    RequiredFiles,
    find_listed,
    read_required_files,
    tell_unread,
)
from layerscope.fixes.dockerfile.edits.required_lines import change_files, find_met, is_installed
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_shell_defect
from layerscope.fixes.dockerfile.other_dockerfiles import find_other_takers, tell_others
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words, strip_quotes
from layerscope.formats.requirements_file import find_address_name
from layerscope.formats.shell_list import ListedCommand
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, Safety
from layerscope.rules.python_cures import quote_requirements
from layerscope.rules.wording import tell_list

_UNINSTALL: Final = re.compile(r"\bpip[\d.]*\s+uninstall\b")
_ELSEWHERE: Final = re.compile(r"\s(?:-t|--target|--prefix|--root|--user)(?=[\s=])")
"""Options by which a command installs into another place than the environment."""

_EDITABLE: Final = frozenset({"-e", "--editable"})
_PLAIN: Final = re.compile(
    r"[A-Za-z0-9][\w.-]*(?:\[[\w.,-]+\])?(?:(?:==|~=|!=|<=?|>=?)[\w.*+!-]+(?:,(?:==|~=|!=|<=?|>=?)[\w.*+!-]+)*)?",
    re.ASCII,
)
_NAMED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w.,\s-]*\])?\s*([<>=!~;].*)?", re.DOTALL | re.ASCII)
_LOCKED: Final = re.compile(
    r"(?:\S*/)?(?:(poetry|pdm)\s+(?:install|sync)|(uv)\s+sync|(pipenv)\s+(?:install|sync))(?=\s|$)"
)
_LOCKS: Final = {"poetry": "poetry.lock", "pdm": "pdm.lock", "uv": "uv.lock", "pipenv": "Pipfile.lock"}
"""Managers that install what a file of their own fixes."""


class _Named(NamedTuple):
    """A word of an install command that names a distribution: what it asks for, and where it stands."""

    maker: Instruction
    text: str
    key: str
    name: str
    extras: str
    versions: str
    start: int
    end: int


class _Command(NamedTuple):
    """A command that installs: the distributions that it names itself, and the files that name more."""

    maker: Instruction
    text: str
    words: list[_Named]
    required: RequiredFiles

    def names(self, keys: Collection[str]) -> bool:
        """Whether it installs one of these by name."""
        return any(word.key in keys for word in self.words) or self.find_file(keys) is not None

    def find_file(self, keys: Collection[str]) -> RequiredFile | None:
        """The last of its files of requirements that names one of these."""
        files = [each for each in self.required.files if not each.is_constraint]
        return next((each for each in reversed(files) if any(line.key in keys for line in each.content.lines)), None)


def edit_requirements(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit for each finding whose fix wants requirements met together."""
    for finding in findings:
        wanted = [(fix, edit) for fix in finding.fixes for edit in fix.build_edits if isinstance(edit, AskTogether)]
        for fix, edit in wanted[:1]:
            yield _edit(finding, fix, edit, facts, matched)


class _Asked(NamedTuple):
    """What is changed for one requirement: words, lines, a word that it is put behind; or what asks for it already."""

    text: str
    spans: tuple[Span, ...] = ()
    beside: _Named | None = None
    files: tuple[FileEdit, ...] = ()
    remade: tuple[int, ...] = ()
    met: str = ""
    unread: tuple[str, ...] = ()


def _edit(
    finding: Finding, fix: Fix, edit: AskTogether, facts: FactSet, matched: MatchedDockerfile
) -> DockerfileEdit | NoEdit:
    """The words and lines that are changed, and those that are added behind the last of what belongs together."""
    commands = [command for maker in matched.instructions for command in _iter_commands(maker, matched)]
    asked: list[_Asked] = []
    for text in edit.requirements:
        each = _ask(text, edit, commands, facts, matched)
        if isinstance(each, str):
            return NoEdit(finding.code, None, each)
        asked.append(each)
    if all(each.met for each in asked):
        remade = tuple(sorted({number for each in asked for number in each.remade}))
        reason = asked[0].met if asked else "nothing is asked for"
        return NoEdit(finding.code, None, reason, is_held=bool(asked), remade=remade)
    added: dict[_Named, list[str]] = {}
    for each in asked:
        if each.beside is not None:
            added.setdefault(each.beside, []).append(each.text)
    spans = dict.fromkeys(span for each in asked for span in each.spans)
    for word, texts in added.items():
        place = word.maker.find_place(word.end - 1) + 1
        spans[Span(place, place, f" {' '.join(map(shlex.quote, texts))}")] = None
    files = tuple(file for each in asked for file in each.files)
    paths = dict.fromkeys(each.file.path for each in files)
    others = find_other_takers(matched.context, list(paths)) if matched.context is not None and paths else []
    unread = list(dict.fromkeys(reason for each in asked for reason in each.unread))
    return DockerfileEdit(
        finding.code,
        None,
        f"{fix.title}{tell_unread(unread)}{tell_others(others, tell_list(paths))}",
        Safety.REVIEW if others or unread else fix.safety,
        spans=tuple(spans),
        files=files,
        remade=tuple(sorted({number for each in asked for number in each.remade})),
    )


def _ask(
    text: str, edit: AskTogether, commands: list[_Command], facts: FactSet, matched: MatchedDockerfile
) -> _Asked | str:
    """How one requirement is asked for, or why it cannot be."""
    requirement = _parse(text)
    if requirement is None:
        return f"{text!r} is no requirement that could be put into a command"
    key = canonicalize_name(requirement.name)
    command = _find_last(commands, {key}) or _find_last(commands, edit.beside)
    if command is None:
        return _tell_unnamed(edit, commands, matched)
    maker, read = command.maker, command.required.files
    found = next((word for word in reversed(command.words) if word.key == key), None)
    beside = next((word for word in reversed(command.words) if word.key in edit.beside), None)
    is_named = found is not None or command.find_file({key}) is not None
    if found is None and (name := find_met(requirement, read, facts)):
        told = f"line {maker.number} asks for {text} by {name} already: build the image again"
        return _Asked(text, remade=(maker.number, *(number for each in read for number in each.takers)), met=told)
    if defect := find_shell_defect(matched, maker) or _find_defect(requirement, command, found, is_named, matched):
        return defect
    joined = _join(found, requirement) if found is not None else ""
    if found is not None and joined is None:
        return f"line {maker.number} asks for {found.text}, and {text} leaves no version of it: change it by hand"
    changed = change_files(requirement, read, facts, beside=edit.beside, appends=not (found or beside))
    if isinstance(changed, str):
        return changed
    if found is not None and not joined and not changed:
        told = f"line {maker.number} asks for {text} already"
        if any(match.instruction == maker and match.is_same for match in matched.matches):
            return f"{told}, and the image has another all the same: a later step may install it"
        told = f"{told}: build the image again"
        return _Asked(text, remade=(maker.number,), met=told)
    is_met = is_named or (bool(changed) and is_installed(key, facts))
    if not changed and found is None and (is_met or beside is None):
        reason = f"line {maker.number} asks for {requirement.name} for another Python alone"
        return f"{reason}: ask for {requirement} by hand"
    return _Asked(
        text,
        (_replace(found, joined),) if found is not None and joined else (),
        None if is_met else beside,
        tuple(each.edit for each in changed),
        (maker.number, *(number for each in changed for number in each.takers)) if changed else (),
        unread=command.required.unread,
    )


def _parse(text: str) -> Requirement | None:
    """The requirement; None for one that metadata of an image may hold, and that is more than a name and versions."""
    try:
        return Requirement(text) if _PLAIN.fullmatch(text) else None
    except InvalidRequirement:
        return None


def _find_defect(
    requirement: Requirement, command: _Command, found: _Named | None, is_named: bool, matched: MatchedDockerfile
) -> str:
    """Why a command cannot be given the requirement; empty where it can."""
    key, line = canonicalize_name(requirement.name), f"line {command.maker.number}"
    if "--hash" in command.text or "--require-hashes" in command.text:
        return f"{line} installs by hashes: write another's hash by hand"
    if found is not None and ";" in found.text:
        return f"{line} asks for {requirement.name} under a condition: change it by hand"
    if found is not None and (defect := Asked(found.name, found.extras, found.versions).defect):
        return f"{line} asks for {requirement.name} {defect}: change it by hand"
    words = list(map(strip_quotes, find_words(command.text)))
    asked = (f"{before} {word}" if before in _EDITABLE else word for before, word in pairwise(["", *words]))
    addresses = map(find_address_name, asked)
    if key in {canonicalize_name(name) for name in addresses if name}:
        return f"{line} asks for {requirement.name} from an address or file: change it by hand"
    if not is_named and "--no-deps" in command.text:
        return f"{line} installs without what is required: install {requirement} in a step of its own"
    if re.search(rf"(?<![\w.-]){re.escape(requirement.name)}[^\s]*\$", command.text):
        return f"{line} takes the version of {requirement.name} from a variable: change that"
    for maker in matched.instructions:
        for each in read_script(maker):
            if maker.number >= command.maker.number and _UNINSTALL.search(each.text) and key in each.text:
                return f"line {maker.number} takes {requirement.name} out again"
    return ""


def _join(found: _Named, requirement: Requirement) -> str | None:
    """The word with the requirement; empty where it asks for it already, None where no version would be left."""
    asked = Asked(found.name, found.extras, found.versions)
    return "" if asked.meets(requirement) else asked.join(requirement)


def _replace(found: _Named, text: str) -> Span:
    """The text in place of the word."""
    return Span(found.maker.find_place(found.start), found.maker.find_place(found.end - 1) + 1, shlex.quote(text))


def _iter_commands(maker: Instruction, matched: MatchedDockerfile) -> Iterator[_Command]:
    """The install commands of a RUN that put things into the environment."""
    for place, command in enumerate(read_script(maker)):
        match = INSTALL.match(command.text)
        if match is not None and not _ELSEWHERE.search(command.text):
            words = list(_iter_named(maker, command, match.end()))
            yield _Command(maker, command.text, words, read_required_files(matched, maker, place))


def _iter_named(maker: Instruction, command: ListedCommand, position: int) -> Iterator[_Named]:
    """The distributions that an install command names."""
    is_value = False
    for text in find_words(command.text[position:]):
        start = command.text.index(text, position)
        position = start + len(text)
        plain = _NAMED.fullmatch(strip_quotes(text))
        if not is_value and plain is not None and "/" not in text and "$" not in text:
            key, place = canonicalize_name(plain[1]), command.start + start
            versions = plain[3] or ""
            yield _Named(maker, text, key, plain[1], plain[2] or "", versions, place, place + len(text))
        is_value = text.startswith("-") and "=" not in text and text not in _SWITCHES


_SWITCHES: Final = frozenset(
    [
        *("--no-cache-dir", "--no-cache", "--upgrade", "-U", "--user", "--no-deps", "--pre", "--force-reinstall"),
        *("--break-system-packages", "--system", "--no-build-isolation", "--no-compile", "--quiet", "-q", "-v"),
        *("--prefer-binary", "--require-hashes", "--ignore-installed", "-I", "--verbose", "-qq", "--no-input"),
        *("--disable-pip-version-check", "--no-warn-script-location", "--root-user-action"),
    ]
)
"""Options of pip and uv that have no value: what follows any other one may be its value."""


def _find_last(commands: list[_Command], keys: Collection[str]) -> _Command | None:
    """The last command that names one of these: what is installed last is what the image has."""
    return next((command for command in reversed(commands) if command.names(keys)), None)


def _tell_unnamed(edit: AskTogether, commands: list[_Command], matched: MatchedDockerfile) -> str:
    """Where a person has to put the requirements."""
    told = quote_requirements(edit.requirements)
    for command in reversed(commands):
        listed = find_listed(command.text)
        if listed and not command.required.files:
            unread = f", and {command.required.unread[0]}" if command.required.unread and matched.context else ""
            return f"line {command.maker.number} installs what {listed[0][0]} names{unread}: name {told} there"
    for maker in reversed(matched.instructions):
        for each in read_script(maker):
            if (locked := _LOCKED.match(each.text)) is not None:
                lock = _LOCKS[locked[1] or locked[2] or locked[3]]
                return (
                    f"line {maker.number} installs what {lock} fixes: ask for {told} in the project, and lock it again"
                )
    return f"no pip install of the Dockerfile names what has to be installed with {told}"
