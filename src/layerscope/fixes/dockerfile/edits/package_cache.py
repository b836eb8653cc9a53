"""LAY104: a package manager's cache is not kept, or cleaned up in the RUN that fills it."""

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.package_caches import PackageCache
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, NoEdit, Span
from layerscope.fixes.dockerfile.edits.cache_uses import CacheUse
from layerscope.fixes.dockerfile.edits.later_readers import (
    fetches_index,
    find_own_users,
    find_possible_reader,
    is_opaque,
    iter_index_users,
)
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_maker, find_shell_defect, is_edited
from layerscope.fixes.dockerfile.scripts import append_command, can_drop, insert_word, read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety
from layerscope.rules.layers.leftover_package_cache import NAMES
from layerscope.rules.package_cache_cures import cleans_itself, find_cleanup, tell_reader
from layerscope.rules.wording import tell_list

CODE: Final = "LAY104"

_OPTIONS: Final = {
    "pip": (
        r"(?:\S*/)?(?:pip[\d.]*|(?:python[\d.]*|pypy3?)\s+-m\s+pip)\s+(?:install|wheel|download)",
        "--no-cache-dir",
    ),
    "uv": (
        r"(?:\S*/)?uv\s+(?:(?:pip|tool|python)\s+(?:install|sync|compile|run)|sync|add|lock|venv|run|build|export)",
        "--no-cache",
    ),
    "poetry": (r"(?:\S*/)?poetry\s+(?:install|sync|lock|update|add|export)", "--no-cache"),
    "apk": (r"(?:\S*/)?apk(?:\s+-\S+)*\s+(?:add|update|upgrade|fix)", "--no-cache"),
}
"""The commands that fill a cache, and the option that makes them keep none."""

_INDEX: Final = "apk"
"""What fills its cache with an index that the commands behind it install with."""

_LESSENED: Final = frozenset({"conda"})
"""What keeps a part of its cache when it is told to clean up: conda, of the packages that environments link to."""

_WITHOUT_NETWORK: Final = "--no-network"

_SUDO: Final = re.compile(r"\b(?:sudo|doas|gosu|su)\s")


def edit_package_caches(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """An edit, or why there is none, for each layer in which a package manager left its cache."""
    if not any(finding.code == CODE for finding in findings):
        return
    left: dict[tuple[int, str], list[PackageCache]] = {}
    for cache in facts.of(PackageCache):
        left.setdefault((cache.layer, cache.kind), []).append(cache)
    for caches in left.values():
        layer, path = caches[0].layer, caches[0].path
        result = _find_held(caches[0], matched) or _edit(caches, matched)
        yield NoEdit(CODE, layer, result, path=path) if isinstance(result, str) else replace(result, path=path)


def _find_held(cache: PackageCache, matched: MatchedDockerfile) -> NoEdit | None:
    """That the step which fills a cache was edited for that already; None where it was not."""
    maker = find_maker(matched, cache.layer)
    if isinstance(maker, str) or not is_edited(matched, cache.layer):
        return None
    commands = [command.text for command in read_script(maker)]
    if cache.kind in _OPTIONS:
        _, cure = _OPTIONS[cache.kind]
        is_held = not _list_options(cache.kind, maker) and any(cure in command.split() for command in commands)
    else:
        cure = find_cleanup(cache.kind, commands, cache.path) if cleans_itself(cache.kind) else ""
        is_held = bool(cure) and set(cure.split(" && ")) <= set(commands)
    reason = f"line {maker.number} has {cure} already: build the image again"
    return NoEdit(CODE, cache.layer, reason, is_held=True, remade=(maker.number,)) if is_held else None


def _edit(caches: list[PackageCache], matched: MatchedDockerfile) -> DockerfileEdit | str:
    layer, kind = caches[0].layer, caches[0].kind
    maker = find_maker(matched, layer)
    if isinstance(maker, str):
        return maker
    if maker.keyword != "RUN":
        return f"line {maker.number} copies {NAMES[kind]}: copy less, or clean it where it is made"
    if defect := find_shell_defect(matched, maker):
        return defect
    edit = _add_options(layer, kind, maker, matched) if kind in _OPTIONS else _clean_up(caches[0], maker, matched)
    if isinstance(edit, str):
        return edit
    edit = _drop_owners(caches, maker, matched, edit)
    remark = _find_remark(caches, maker, matched, {drop.part for drop in edit.drops})
    return replace(edit, title=edit.title + remark, safety=Safety.REVIEW) if remark else edit


def _drop_owners(
    caches: list[PackageCache], maker: Instruction, matched: MatchedDockerfile, edit: DockerfileEdit
) -> DockerfileEdit:
    """The edit without the commands of the step that only give the cache away, and would find none."""
    commands = read_script(maker)
    parts = {
        part
        for cache in caches
        for part in find_own_users(maker, matched, cache.kind, cache.path)
        if CacheUse(cache.kind, cache.path).is_given_away(commands[part])
    }
    if not parts or not can_drop(matched.dockerfile, maker, frozenset(parts)):
        return edit
    title = f"{edit.title}, where {tell_list(f'`{commands[part].text}`' for part in sorted(parts))} has nothing to do"
    return replace(edit, title=title, drops=tuple(Drop(maker.number, part) for part in sorted(parts)))


def _clean_up(cache: PackageCache, maker: Instruction, matched: MatchedDockerfile) -> DockerfileEdit | str:
    """The command that empties the cache, at the end of the step that fills it."""
    if not cleans_itself(cache.kind):
        return f"{NAMES[cache.kind]} is best left in a stage of its own: what is built there is copied from it"
    users = iter_index_users(maker, matched, cache.kind) if cache.kind == "apt-lists" else iter(())
    if user := next(users, None):
        return f"line {user.number} installs with the lists that line {maker.number} fetches: join them first"
    if _SUDO.search(maker.operands):
        return f"line {maker.number} is root by sudo only: what cleans up has to be so, too"
    command = find_cleanup(cache.kind, [each.text for each in read_script(maker)], cache.path)
    if not command:
        return f"no command of line {maker.number} is seen to fill {NAMES[cache.kind]} and to be there at its end"
    return DockerfileEdit(
        CODE,
        cache.layer,
        f"End line {maker.number} with {command}",
        Safety.SAFE,
        spans=(append_command(matched.dockerfile, maker, command),),
        lessens=cache.kind in _LESSENED,
    )


def _add_options(layer: int, kind: str, maker: Instruction, matched: MatchedDockerfile) -> DockerfileEdit | str:
    """The option behind every command that fills the cache; of an index, also behind those that would fetch it anew."""
    spans = _list_options(kind, maker)
    if not spans:
        return f"no command of line {maker.number} is seen to fill {NAMES[kind]}"
    lines = [str(maker.number)]
    for each in iter_index_users(maker, matched, kind) if kind == _INDEX else ():
        if _is_changed(each, kind, matched):
            spans += _list_options(kind, each)
            lines.append(str(each.number))
    where = f"line {lines[0]}" if len(lines) == 1 else f"lines {tell_list(lines)}"
    return DockerfileEdit(CODE, layer, f"Let {kind} keep no cache in {where}", Safety.SAFE, tuple(spans))


def _list_options(kind: str, maker: Instruction) -> list[Span]:
    """The option that keeps no cache, where commands lack it."""
    pattern, option = _OPTIONS[kind]
    filler = re.compile(rf"(?:\w+=\S*\s+|sudo\s+|time\s+)*{pattern}(?=\s|$)")
    spans: list[Span] = []
    for command in read_script(maker):
        match = filler.match(command.text)
        if match is not None and option not in command.text and _WITHOUT_NETWORK not in command.text:
            spans.append(insert_word(maker, command.start + match.end(), option))
    return spans


def _is_changed(user: Instruction, kind: str, matched: MatchedDockerfile) -> bool:
    """Whether a line that installs with the index is one that is changed, too."""
    is_read = user in matched.instructions and user.keyword == "RUN" and not find_shell_defect(matched, user)
    return is_read and bool(_list_options(kind, user))


def _find_remark(
    caches: list[PackageCache], maker: Instruction, matched: MatchedDockerfile, dropped: Collection[int]
) -> str:
    """What may read the cache, as the end of a title; nothing where nothing is seen to."""
    if reader := next((cache.reader for cache in caches if cache.reader), ""):
        return tell_reader(reader)
    kind = caches[0].kind
    if any(part not in dropped for each in caches for part in find_own_users(maker, matched, kind, each.path)):
        return tell_reader(f"line {maker.number} itself")
    if kind == _INDEX and fetches_index(maker, kind):
        if is_opaque(maker.operands, kind):
            return tell_reader(f"line {maker.number} itself")
        users = iter_index_users(maker, matched, kind)
        if user := next((each for each in users if not _is_changed(each, kind, matched)), None):
            return tell_reader(f"line {user.number}")
    for cache in caches:
        if line := find_possible_reader(maker, matched, kind, cache.path):
            return tell_reader(f"line {line}")
    return ""
