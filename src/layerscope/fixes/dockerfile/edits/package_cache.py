"""LAY104: a package manager's cache is not kept, or cleaned up in the RUN that fills it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_maker, find_shell_defect
from layerscope.fixes.dockerfile.scripts import append_command, insert_word, read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety
from layerscope.rules.package_cache_cures import find_cleanup

CODE: Final = "LAY104"

_OPTIONS: Final = {
    "pip": (
        r"(?:\S*/)?(?:pip[\d.]*|(?:python[\d.]*|pypy3?)\s+-m\s+pip)\s+(?:install|wheel|download)",
        "--no-cache-dir",
    ),
    "uv": (r"(?:\S*/)?uv\s+(?:pip\s+(?:install|sync)|sync|add|tool\s+install)", "--no-cache"),
    "poetry": (r"(?:\S*/)?poetry\s+install", "--no-cache"),
    "apk": (r"apk\s+add", "--no-cache"),
}
"""The commands that fill a cache, and the option that makes them keep none."""

_APT_READS: Final = re.compile(
    r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?(?:install|upgrade|dist-upgrade|build-dep|source)\b"
)
_SUDO: Final = re.compile(r"\b(?:sudo|doas|gosu|su)\s")
_APT_UPDATES: Final = re.compile(r"\bapt(?:-get|itude)?\s(?:[^&;|]*\s)?update\b")


def edit_package_caches(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """An edit, or why there is none, for each layer in which a package manager left its cache."""
    if not any(finding.code == CODE for finding in findings):
        return
    left: dict[tuple[int, str], PackageCache] = {}
    for cache in facts.of(PackageCache):
        left.setdefault((cache.layer, cache.kind), cache)
    for cache in left.values():
        result = _edit(cache.layer, cache.kind, matched)
        yield NoEdit(CODE, cache.layer, result) if isinstance(result, str) else replace(result, path=cache.path)


def _edit(layer: int, kind: str, matched: MatchedDockerfile) -> DockerfileEdit | str:
    maker = find_maker(matched, layer)
    if isinstance(maker, str):
        return maker
    if maker.keyword != "RUN":
        return f"line {maker.number} copies {kind}'s cache: copy less, or clean it where it is made"
    if defect := find_shell_defect(matched, maker):
        return defect
    if kind in _OPTIONS:
        return _add_options(layer, kind, maker)
    command = find_cleanup(kind)
    if not command:
        return f"{kind}'s cache is best left in a stage of its own: what is built there is copied from it"
    if kind == "apt-lists" and (reader := _find_reader(maker, matched)):
        return f"line {reader} installs with the lists that line {maker.number} fetches: join them first"
    if _SUDO.search(maker.operands):
        return f"line {maker.number} is root by sudo only: what cleans up has to be so, too"
    return DockerfileEdit(
        CODE,
        layer,
        f"End line {maker.number} with {command}",
        Safety.SAFE,
        spans=(append_command(matched.dockerfile, maker, command),),
    )


def _add_options(layer: int, kind: str, maker: Instruction) -> DockerfileEdit | str:
    """The option behind every command that fills the cache."""
    pattern, option = _OPTIONS[kind]
    filler = re.compile(rf"(?:\w+=\S*\s+|sudo\s+|time\s+)*{pattern}(?=\s|$)")
    spans: list[Span] = []
    for command in read_script(maker):
        match = filler.match(command.text)
        if match is not None and option not in command.text:
            spans.append(insert_word(maker, command.start + match.end(), option))
    if not spans:
        return f"no command of line {maker.number} is seen to fill {kind}'s cache"
    return DockerfileEdit(CODE, layer, f"Let {kind} keep no cache in line {maker.number}", Safety.SAFE, tuple(spans))


def _find_reader(maker: Instruction, matched: MatchedDockerfile) -> int | None:
    """A later line, of whatever stage, that installs and does not fetch lists itself before."""
    for each in matched.dockerfile.instructions:
        reads, updates = _APT_READS.search(each.text), _APT_UPDATES.search(each.text)
        is_later = each.number > maker.number and each.keyword == "RUN"
        if is_later and reads and not (updates and updates.start() < reads.start()):
            return each.number
    return None
