"""A requirement put into files of requirements and constraints: the lines that name it, or a line of its own."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.environments import PythonEnvironment
from layerscope.facts.python.markers import applies, describe_environment
from layerscope.fixes.dockerfile.edit import FileEdit, Span
from layerscope.fixes.dockerfile.edits.joined_versions import Asked
from layerscope.fixes.dockerfile.edits.required_files import RequiredFile
from layerscope.formats.requirements_file import RequirementLine


class Refusal(NamedTuple):
    """Why a line is not changed."""

    reason: str


class ChangedFile(NamedTuple):
    """What is changed in a file, and the instructions that take it, by their first lines."""

    edit: FileEdit
    takers: tuple[int, ...]


def change_files(
    requirement: Requirement,
    files: Sequence[RequiredFile],
    facts: FactSet,
    *,
    beside: Collection[str],
    appends: bool,
) -> list[ChangedFile] | str:
    """What is changed so that pip meets the requirement, or why nothing can be.

    All lines that name it and ask for something else are changed, those of constraints, too. Where none names it and
    `appends`, it becomes a line of the constraints where such are used, the distribution is there and has no extras;
    else of the file that names `beside`.
    """
    key = canonicalize_name(requirement.name)
    changed: list[ChangedFile] = []
    is_asked = False
    for each in files:
        spans: list[Span] = []
        for line in [line for line in each.content.lines if line.key == key]:
            verdict = _judge(line, facts)
            if verdict is None or line.has_url:
                how = "from an address or file" if line.has_url else "under a condition"
                return f"line {line.number} of {each.file.name} asks for {requirement.name} {how}: change it by hand"
            text = _change(line, requirement, each) if verdict else None
            if isinstance(text, Refusal):
                return text.reason
            if text is not None:
                spans.append(Span(line.start, line.end, text))
        if spans:
            changed.append(ChangedFile(FileEdit(each.file, tuple(spans)), each.takers))
            is_asked = is_asked or not each.is_constraint or is_installed(key, facts)
    if not is_asked and appends:
        place = _choose(requirement, key, files, facts, beside)
        text = "" if place is None else _write(requirement, place)
        changed += [ChangedFile(FileEdit(place.file, lines=(text,)), place.takers)] if place is not None else []
    edited = [each.edit.file for each in changed]
    defect = _find_defect(requirement, files) if changed else ""
    defect = defect or next((each.doubt for each in files if each.doubt and each.file in edited), "")
    return defect or changed


def find_met(requirement: Requirement, files: Sequence[RequiredFile], facts: FactSet) -> str:
    """The file whose lines ask for it already, so that the image is only older; empty where some line does not."""
    key, name = canonicalize_name(requirement.name), ""
    for each in files:
        lines = [line for line in each.content.lines if line.key == key and _judge(line, facts)]
        if not all(_meets(line, requirement, each) for line in lines):
            return ""
        if lines and (not each.is_constraint or is_installed(key, facts)):
            name = each.file.name
    return name


def _change(line: RequirementLine, requirement: Requirement, file: RequiredFile) -> str | Refusal | None:
    """What a line asks for together with the requirement; None where it does so already."""
    asked = Asked(line.name, line.extras, line.versions)
    where = f"line {line.number} of {file.file.name} asks for {requirement.name}"
    if asked.defect:
        return Refusal(f"{where} {asked.defect}: change it by hand")
    if asked.meets(requirement, is_constraint=file.is_constraint):
        return None
    joined = asked.join(requirement, is_constraint=file.is_constraint)
    if joined is None:
        return Refusal(f"{where}{line.versions}, and {requirement} leaves no version of it: change it by hand")
    return joined


def _meets(line: RequirementLine, requirement: Requirement, file: RequiredFile) -> bool:
    """Whether a line asks for no other versions than the requirement, and for its extras."""
    asked = Asked(line.name, line.extras, line.versions)
    return not asked.defect and asked.meets(requirement, is_constraint=file.is_constraint)


def _find_defect(requirement: Requirement, files: Sequence[RequiredFile]) -> str:
    """Why none of the files can be changed; pip wants hashes of all where one has any."""
    for each in files:
        if each.content.compiler:
            return f"{each.file.name} is made by {each.content.compiler}: ask for {requirement} where it is made from"
        if each.content.has_hashes:
            return f"{each.file.name} gives hashes, and another version has others: write {requirement} with its own"
    return ""


def _judge(line: RequirementLine, facts: FactSet) -> bool | None:
    """Whether a line counts in the image's environments; None where that is not known."""
    if not line.marker:
        return True
    try:
        marker = Marker(line.marker)
    except (InvalidMarker, RecursionError):
        return None
    environments = [each for each in facts.of(PythonEnvironment) if each.interpreter]
    verdicts = {applies(marker, describe_environment(each)) for each in environments}
    return verdicts.pop() if len(verdicts) == 1 else None


def _choose(
    requirement: Requirement, key: str, files: Sequence[RequiredFile], facts: FactSet, beside: Collection[str]
) -> RequiredFile | None:
    """The file that gets a line: constraints install nothing by themselves, and know no extras."""
    constraints = [each for each in files if each.is_constraint]
    if constraints and not requirement.extras and is_installed(key, facts):
        return constraints[0]
    names = [
        each for each in files if not each.is_constraint and any(line.key in beside for line in each.content.lines)
    ]
    return names[-1] if names else None


def is_installed(key: str, facts: FactSet) -> bool:
    """Whether the image has the distribution, so that something asks for it."""
    return any(canonicalize_name(each.name) == key for each in facts.of(Distribution))


def _write(requirement: Requirement, file: RequiredFile) -> str:
    """The requirement as a line of its own; constraints know no extras."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras and not file.is_constraint else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
