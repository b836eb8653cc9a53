"""What a container reads in a package manager's cache: it starts from there, or something outside leads there."""

import re
from collections.abc import Iterator, Sequence
from posixpath import dirname, normpath
from typing import Final

from layerscope.facts.context import FactContext
from layerscope.facts.layers.started_cache_scripts import find_started_scripts, tell_command
from layerscope.facts.layers.uv_runs import keeps_environment
from layerscope.facts.places import CACHE_WORDS
from layerscope.facts.system.cache_calls import OFFLINE_SETTINGS, CacheCall, find_cache_calls
from layerscope.facts.system.cache_paths import find_cache_paths, leads_into, name_folder
from layerscope.facts.system.script_extractor import ScriptExtractor
from layerscope.facts.system.started_commands import find_started
from layerscope.layers.entry import EntryType

_LAUNCHERS: Final = {
    "uv": r"uvx|uv(?:\s+-\S+)*\s+(?:tool\s+)?run",
    "npm": r"npx|npm(?:\s+-\S+)*\s+(?:exec|x)",
    "pnpm": r"pnpx|pnpm(?:\s+-\S+)*\s+(?:dlx|exec)",
}
"""The commands that run a program out of their own cache, or make its environment of what lies there.

https://docs.astral.sh/uv/concepts/tools/#tool-environments
"""

_PLACE: Final = re.compile(r"(?i)cache|pkgs|store")
"""In the names of variables that say where a cache is to be, which is made again where it is not."""

_OFF: Final = frozenset({"", "0", "false", "no", "off", "n", "f"})

_LOADERS: Final = (".pnp.cjs", ".pnp.js")
"""Files by which Node.js loads packages out of the archives of Yarn's cache: https://yarnpkg.com/features/pnp"""

_MODULES: Final = "/node_modules/"


def find_reader(context: FactContext, kind: str, folder: str) -> str:
    """What may need the files of a cache of that kind in that folder; empty where nothing is seen to."""
    readers = (
        _find_launcher(context, kind),
        _find_call(context, kind),
        _find_config_word(context, folder),
        _find_path(context, folder),
        _find_link(context, folder),
        _find_script(context, folder),
        _find_loader(context) if kind == "yarn" else "",
    )
    return next(filter(None, readers), "")


def _find_launcher(context: FactContext, kind: str) -> str:
    """The words of the config's process, or of an entry script, that run something by the cache's own program."""
    if kind not in _LAUNCHERS:
        return ""
    pattern = re.compile(rf"(?:^|[\s/;&|(\"'])({_LAUNCHERS[kind]})(?=\s|$)")
    runtime = context.image.config.runtime
    commands = ((*runtime.entrypoint, *runtime.cmd), *(each.words for each in context.shared(find_started)))
    found = (match for words in commands for match in pattern.finditer(" ".join(words)))
    return next((f"`{' '.join(match[1].split())}`" for match in found if not _keeps(match, runtime.env)), "")


def _keeps(match: re.Match[str], environment: Sequence[str]) -> bool:
    """Whether a launcher is `uv run`, and takes the environment as it is."""
    if match[1].split()[-2:] == ["tool", "run"] or not match[1].startswith("uv") or not match[1].endswith("run"):
        return False
    rest = re.split(r"[;&|\n]", match.string[match.end() :], maxsplit=1)[0]
    return keeps_environment(rest.split(), environment)


def _find_call(context: FactContext, kind: str) -> str:
    """A call of the cache's package manager, by the config's process or a script, that does not go without it."""
    is_offline = any(_is_offline(entry, kind) for entry in context.image.config.runtime.env)
    for path, calls in context.shared(_list_calls):
        for call in calls:
            if call.kind == kind and (call.is_needed or is_offline):
                return f"`{call.told}` in /{path}" if path else f"`{call.told}`"
    return ""


def _list_calls(context: FactContext) -> tuple[tuple[str, tuple[CacheCall, ...]], ...]:
    """The calls of the config's words, with an empty path, and those of each script that is started."""
    scripts = ((each.path, each.script.calls) for each in context.shared(find_started_scripts))
    return (("", find_cache_calls(tell_command(context))), *scripts)


def _is_offline(entry: str, kind: str) -> bool:
    """Whether an entry of the environment has the programs of a kind do without a network."""
    name, _, value = entry.partition("=")
    return name.upper() in OFFLINE_SETTINGS.get(kind, ()) and value.lower() not in _OFF


def _find_config_word(context: FactContext, folder: str) -> str:
    """The part of the config that names the cache, or a path in it."""
    runtime = context.image.config.runtime
    if any(leads_into(path, folder) for path in find_cache_paths(f" {tell_command(context)}")):
        return "the command"
    if name_folder(folder).search(runtime.working_dir):
        return "the working directory"
    within, named = re.compile(rf"/{re.escape(folder)}/[\w.@+-]"), name_folder(folder)
    pairs = (entry.partition("=") for entry in runtime.env)
    found = (name for name, _, value in pairs if (within if _PLACE.search(name) else named).search(value))
    return next((f"the variable {name}" for name in found), "")


def _find_path(context: FactContext, folder: str) -> str:
    """A script that is started and names the cache, a path in it, or the folder in which it lies with others."""
    scripts = context.shared(find_started_scripts)
    return next(
        (f"/{each.path}" for each in scripts if any(leads_into(path, folder) for path in each.script.paths)), ""
    )


def _find_link(context: FactContext, folder: str) -> str:
    """The first symlink outside of the cache that leads to it, or to something in it."""
    return next((f"/{link}" for link, target in context.shared(_list_links) if _lies_in(target, folder, link)), "")


def _lies_in(target: str, folder: str, link: str) -> bool:
    return f"{target}/".startswith(f"{folder}/") and not link.startswith(f"{folder}/")


def _list_links(context: FactContext) -> tuple[tuple[str, str], ...]:
    """The visible symlinks whose targets may lie in a cache, and where these are, by path."""
    return tuple(sorted(_iter_links(context)))


def _iter_links(context: FactContext) -> Iterator[tuple[str, str]]:
    for layer, scan in enumerate(context.scans):
        index, covered = scan.index, context.covered[layer]
        for position, target in index.links.items():
            if index.types[position] != EntryType.SYMLINK or covered[position]:
                continue
            path = index.paths[position]
            expected = normpath(target if target.startswith("/") else f"/{dirname(path)}/{target}")
            if any(word in f"{expected}/" for word in CACHE_WORDS):
                node = context.tree.resolve(expected.lstrip("/"))
                yield path, expected.lstrip("/") if node is None else node.path


def _find_script(context: FactContext, folder: str) -> str:
    """A script outside of the cache that is run by an interpreter in it."""
    scripts = (
        path
        for _, path, line in context.extracts(ScriptExtractor.name)
        if f"/{folder}/" in str(line) and not path.startswith(f"{folder}/") and path in context.tree
    )
    return next((f"/{path}" for path in scripts), "")


def _find_loader(context: FactContext) -> str:
    """The first of Yarn's loaders that the container sees."""
    names = tuple(f"/{name}" for name in _LOADERS)
    paths = (
        path
        for layer, scan in enumerate(context.scans)
        for position, path in enumerate(scan.index.paths)
        if path.endswith(names) or path in _LOADERS
        if not context.covered[layer][position] and _MODULES not in f"/{path}"
    )
    return next((f"/{path}" for path in sorted(paths)), "")
