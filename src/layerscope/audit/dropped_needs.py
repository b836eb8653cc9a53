"""What a container needs to start or to be asked how it is, and a dropped path takes away."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.audit.layer_fix import LayerFix
from layerscope.audit.result import AuditResult
from layerscope.facts.system.cache_script_extractor import list_started
from layerscope.facts.system.programs import join_path
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.fixes.surgery.named_paths import is_at_or_below
from layerscope.rules.layer_edit import DropPath

SHOWN: Final = 5
"""Paths that are told one by one."""

_WORD: Final = re.compile(r"[^\s\"'`;&|()<>=,]+")


def find_dropped_needs(before: AuditResult, after: AuditResult, fix: LayerFix) -> list[str]:
    """In words, the paths that were to be dropped, are gone, and are named by what the container starts."""
    dropped = {edit.path for edit in fix.layer_edits if isinstance(edit, DropPath)}
    told: dict[str, str] = {}
    for who, words in _iter_commands(before) if dropped else ():
        for path in _iter_named(words, before):
            if path not in told and path not in fix.files and _is_lost(path, dropped, before, after):
                told[path] = f"/{path} is gone, and {who} needs it"
    return list(told.values())[:SHOWN]


def _iter_commands(before: AuditResult) -> Iterator[tuple[str, Sequence[str]]]:
    """What the config starts, the scripts behind it, and the health check."""
    runtime = before.image.config.runtime
    yield "the entrypoint", runtime.entrypoint
    yield "the command", runtime.cmd
    for command in before.facts.of(StartedCommand):
        yield f"what /{command.evidence.path} starts", command.words
    if runtime.healthcheck is not None:
        yield "the health check", runtime.healthcheck.test


def _iter_named(words: Sequence[str], before: AuditResult) -> Iterator[str]:
    """The paths that a command names, of files and folders, and those of modules of Python."""
    folder = before.image.config.runtime.working_dir
    text = " ".join(words)
    for name in dict.fromkeys((*words, *_WORD.findall(text), *list_started(text))):
        path = join_path(folder, name)
        node = before.tree.resolve(path) if name.strip("./") else None
        if node is not None:
            yield from dict.fromkeys((path, node.path))


def _is_lost(path: str, dropped: set[str], before: AuditResult, after: AuditResult) -> bool:
    """Whether a path was there, and is not since it, or what it leads to, was to be dropped."""
    node = before.tree.resolve(path)
    if node is None or after.tree.resolve(path) is not None:
        return False
    return is_at_or_below(path, dropped) or is_at_or_below(node.path, dropped)
