"""Requirements that one resolver has to see together, put into the command that installs what they are about."""

import re
import shlex
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_shell_defect
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words, strip_quotes
from layerscope.rules.build_edit import AskTogether
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.python_cures import quote_requirements

_INSTALL: Final = re.compile(
    r"(?:\w+=\S*\s+|sudo\s+)*(?:\S*/)?(?:pip[\d.]*|python[\d.]*\s+-m\s+pip|uv\s+pip)\s+(?:-\S+\s+)*install(?=\s)"
)
_UNINSTALL: Final = re.compile(r"\bpip[\d.]*\s+uninstall\b")
_ELSEWHERE: Final = re.compile(r"\s(?:-t|--target|--prefix|--root|--user)(?=[\s=])")
"""Options by which a command installs into another place than the environment."""

_PLAIN: Final = re.compile(
    r"[A-Za-z0-9][\w.-]*(?:\[[\w.,-]+\])?(?:(?:==|~=|!=|<=?|>=?)[\w.*+!-]+(?:,(?:==|~=|!=|<=?|>=?)[\w.*+!-]+)*)?",
    re.ASCII,
)
_NAMED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w.,\s-]*\])?\s*(?:[<>=!~;].*)?", re.DOTALL | re.ASCII)
_LISTED: Final = re.compile(r"(?:^|\s)(?:-r|--requirement|-c|--constraint)[\s=]+(\S+)")


class _Named(NamedTuple):
    """A word of an install command that names a distribution: where it stands, and the extras that it asks for."""

    maker: Instruction
    command: str
    text: str
    key: str
    extras: str
    start: int
    end: int


def edit_requirements(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit for each finding whose fix wants requirements met together."""
    for finding in findings:
        wanted = [(fix, edit) for fix in finding.fixes for edit in fix.build_edits if isinstance(edit, AskTogether)]
        for fix, edit in wanted[:1]:
            yield _edit(finding, fix, edit, matched)


def _edit(finding: Finding, fix: Fix, edit: AskTogether, matched: MatchedDockerfile) -> DockerfileEdit | NoEdit:
    """The words that are changed, and those that are added behind the last of what belongs together."""
    named = [word for maker in matched.instructions for word in _iter_named(maker)]
    spans: dict[Span, None] = {}
    added: dict[_Named, list[str]] = {}
    for text in edit.requirements:
        requirement = _parse(text)
        if requirement is None:
            return NoEdit(finding.code, None, f"{text!r} is no requirement that could be put into a command")
        found = _find_last(named, {canonicalize_name(requirement.name)})
        beside = found or _find_last(named, edit.beside)
        if beside is None:
            return NoEdit(finding.code, None, _tell_unnamed(edit, matched))
        if defect := find_shell_defect(matched, beside.maker) or _find_defect(requirement, beside, matched):
            return NoEdit(finding.code, None, defect)
        if found is not None:
            spans[_replace(found, requirement)] = None
        else:
            added.setdefault(beside, []).append(text)
    for word, texts in added.items():
        place = word.maker.find_place(word.end - 1) + 1
        spans[Span(place, place, f" {' '.join(map(shlex.quote, texts))}")] = None
    return DockerfileEdit(finding.code, None, fix.title, fix.safety, spans=tuple(spans))


def _parse(text: str) -> Requirement | None:
    """The requirement; None for one that metadata of an image may hold, and that is more than a name and versions."""
    try:
        return Requirement(text) if _PLAIN.fullmatch(text) else None
    except InvalidRequirement:
        return None


def _find_defect(requirement: Requirement, word: _Named, matched: MatchedDockerfile) -> str:
    """Why a command cannot be given the requirement; empty where it can."""
    key, line = canonicalize_name(requirement.name), f"line {word.maker.number}"
    is_named = word.key == key
    if "--hash" in word.command or "--require-hashes" in word.command:
        return f"{line} installs by hashes: write another's hash by hand"
    if is_named and ";" in word.text:
        return f"{line} asks for {requirement.name} under a condition: change it by hand"
    if not is_named and "--no-deps" in word.command:
        return f"{line} installs without what is required: install {requirement} in a step of its own"
    if re.search(rf"(?<![\w.-]){re.escape(requirement.name)}[^\s]*\$", word.command):
        return f"{line} takes the version of {requirement.name} from a variable: change that"
    for maker in matched.instructions:
        for command in read_script(maker):
            if maker.number >= word.maker.number and _UNINSTALL.search(command.text) and key in command.text:
                return f"line {maker.number} takes {requirement.name} out again"
    return ""


def _replace(found: _Named, requirement: Requirement) -> Span:
    """The requirement in place of the word, which may ask for extras of its own."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else found.extras
    text = shlex.quote(f"{requirement.name}{extras}{requirement.specifier}")
    return Span(found.maker.find_place(found.start), found.maker.find_place(found.end - 1) + 1, text)


def _iter_named(maker: Instruction) -> Iterator[_Named]:
    """The distributions that the install commands of a RUN name."""
    for command in read_script(maker):
        match = _INSTALL.match(command.text)
        if _ELSEWHERE.search(command.text):
            continue
        position = match.end() if match is not None else len(command.text)
        is_value = False
        for text in find_words(command.text[position:]):
            start = command.text.index(text, position)
            position = start + len(text)
            plain = _NAMED.fullmatch(strip_quotes(text))
            if not is_value and plain is not None and "/" not in text and "$" not in text:
                key, place = canonicalize_name(plain[1]), command.start + start
                yield _Named(maker, command.text, text, key, plain[2] or "", place, place + len(text))
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


def _find_last(named: list[_Named], keys: Collection[str]) -> _Named | None:
    """The last word that names one of these: what is installed last is what the image has."""
    return next((word for word in reversed(named) if word.key in keys), None)


def _tell_unnamed(edit: AskTogether, matched: MatchedDockerfile) -> str:
    """Where a person has to put the requirements."""
    told = quote_requirements(edit.requirements)
    for maker in reversed(matched.instructions):
        for command in read_script(maker):
            listed = _LISTED.search(command.text) if _INSTALL.match(command.text) else None
            if listed is not None:
                return f"line {maker.number} installs what {listed[1]} names: name {told} there"
    return f"no pip install of the Dockerfile names what has to be installed with {told}"
