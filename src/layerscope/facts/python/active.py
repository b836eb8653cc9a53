"""Which environment the container's process uses: by the program that it starts, else by `python3` on the PATH."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from layerscope.facts.context import FactContext
from layerscope.facts.system.commands import find_final_command
from layerscope.facts.system.programs import ProgramFinder, join_path

_NAMES: Final = ("python3", "python")


class Candidate(Struct, frozen=True):
    """An environment as far as this choice needs it."""

    place: str
    prefix: str
    interpreter: str
    kind: str


def find_active_place(context: FactContext, candidates: Sequence[Candidate]) -> str | None:
    """The place of the environment in use; None where no Python is.

    A link in a virtual environment's `bin` leads to another one's interpreter, so the link counts before its end does.
    """
    virtual = {join_path(each.prefix, "bin"): each.place for each in candidates if each.kind == "virtual"}
    own = {each.interpreter: each.place for each in candidates if each.kind in {"system", "conda"}}
    for path in _iter_programs(context):
        folder = path.rpartition("/")[0]
        if folder in virtual:
            return virtual[folder]
        node = context.tree.resolve(path)
        if node is not None and node.path in own:
            return own[node.path]
    return None


def _iter_programs(context: FactContext) -> Iterator[str]:
    """Paths, links not followed, of what may be the interpreter, the likeliest first."""
    runtime = context.image.config.runtime
    finder = ProgramFinder(context)
    words = find_final_command((*runtime.entrypoint, *runtime.cmd))
    if words and words[0]:
        program = finder.find(words[0])
        if program.shebang is not None:
            yield from _iter_paths(context, finder, program.shebang.program)
        elif "python" in words[0].rpartition("/")[2]:
            yield from _iter_paths(context, finder, words[0])
    for name in _NAMES:
        yield from _iter_paths(context, finder, name)


def _iter_paths(context: FactContext, finder: ProgramFinder, word: str) -> Iterator[str]:
    """Where a word is found: at its path, or in the first folder of the PATH that has it."""
    if "/" in word:
        yield join_path(context.image.config.runtime.working_dir, word)
        return
    for folder in finder.search_path:
        path = join_path(folder, word)
        if context.tree.resolve(path) is not None:
            node = context.tree.resolve(folder)
            yield path if node is None else join_path(node.path, word)
            return
