"""LAY204: where a COPY from a stage takes links and not what they lead to, that is copied, too."""

import re
from collections.abc import Iterator
from posixpath import basename, commonpath, dirname, normpath, relpath
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.links import DanglingLinks
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_maker
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "LAY204"
_FROM: Final = "--from="
_PLAIN: Final = re.compile(r"[\w./@+-]+", re.ASCII)


def edit_link_targets(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """An edit, or why there is none, for the links of each layer that was copied from a stage."""
    layers = {finding.locations[0].layer for finding in findings if finding.code == CODE}
    for fact in facts.of(DanglingLinks):
        if fact.layer in layers and fact.instruction.startswith("COPY"):
            result = _edit(fact, matched)
            yield NoEdit(CODE, fact.layer, result) if isinstance(result, str) else result


def _edit(fact: DanglingLinks, matched: MatchedDockerfile) -> DockerfileEdit | str:
    """One more COPY below the one that took the links: of the folder that holds all that they lead to."""
    copy = find_maker(matched, fact.layer)
    if isinstance(copy, str):
        return copy
    place = _find_folders(copy)
    if isinstance(place, str):
        return place
    source, target = place
    if any(link.removed_by is not None or link.is_loop for link in fact.links):
        return f"what links of line {copy.number} lead to was removed by a later step, or is no file at all"
    if any(link.target.startswith("/") for link in fact.links):
        return f"line {copy.number} copies links to absolute paths: what is there in the stage is not known"
    leads = [normpath(f"/{dirname(link.path)}/{link.target}") for link in fact.links]
    if any(not f"/{link.path}".startswith(f"{target}/") for link in fact.links):
        return f"line {copy.number} does not copy all of these links to {target}"
    folder = commonpath([dirname(lead) for lead in leads])
    outside = relpath(folder, target)
    if not outside.startswith("..") or normpath(f"{source}/{outside}") in {"/", "."} or folder == "/":
        return f"line {copy.number} copies from the folder in which the targets should be: they are not in the stage"
    if not _PLAIN.fullmatch(f"{source}/{outside}") or not _PLAIN.fullmatch(folder):
        return f"what links of line {copy.number} lead to has a name that no Dockerfile could be given as it is"
    flags = "".join(f"{flag} " for flag in copy.flags)
    line = f"COPY {flags}{normpath(f'{source}/{outside}')} {folder}{matched.dockerfile.line_end}"
    end = matched.dockerfile.find_line(copy.end)
    if copy.is_continued or not matched.dockerfile.text[:end].endswith("\n"):
        return f"line {copy.number} is the file's last, and has no end: write behind it {line.strip()}"
    title = f"Copy {folder}, too, to which links of line {copy.number} lead"
    return DockerfileEdit(CODE, fact.layer, title, Safety.REVIEW, spans=(Span(end, end, line),), lessens=True)


def _find_folders(copy: Instruction) -> tuple[str, str] | str:
    """The folder that a COPY takes from a stage, and where to; a reason where that is not known."""
    words = copy.words or find_words(copy.operands)
    if copy.keyword != "COPY" or not any(flag.startswith(_FROM) for flag in copy.flags):
        return f"line {copy.number} copies from the build context: what the links lead to is not known to be there"
    is_plain = len(words) == 2 and not any(sign in "".join(words) for sign in "$*?[\"'<")  # noqa: PLR2004 - from, to
    if not is_plain or not all(word.startswith("/") for word in words):
        return f"line {copy.number} does not name one folder, and where it goes, by plain absolute paths"
    source, target = map(normpath, words)
    if words[1].endswith("/") and basename(source) != basename(target) and "." in basename(source):
        return f"line {copy.number} may copy one file"
    return source, target
