"""Programs: a word of a command followed to a file of the merged tree, as execve(2) and a PATH search would."""

from enum import StrEnum
from posixpath import normpath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.context import FactContext
from layerscope.facts.system.script_extractor import ScriptExtractor
from layerscope.filesystem.node import Node
from layerscope.formats.shebang import Shebang, parse_shebang
from layerscope.layers.entry import EntryType

DEFAULT_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""Where runtimes look when the config sets no PATH."""

INTERPRETER_DEPTH: Final = 4
"""Interpreters that are scripts themselves: the kernel gives up after four."""

_ANY_EXECUTE: Final = 0o111


class ProgramState(StrEnum):
    """What became of the search for a program."""

    FOUND = "found"
    MISSING = "missing"
    NOT_A_FILE = "not a file"
    NOT_EXECUTABLE = "not executable"


class Program(Struct, frozen=True):
    """One word of a command, followed to its file.

    `path` is where the search ended, after links (or the place that was expected, where nothing is there), `layer` the
    layer that put it there, `removed_by` the layer that removed a file which once was there. `shebang` is None for all
    but scripts; `is_text` marks a shell script without one, which execve refuses.
    """

    word: str
    state: ProgramState
    path: str | None = None
    layer: int | None = None
    mode: int = 0
    removed_by: int | None = None
    link_target: str | None = None
    shebang: Shebang | None = None
    is_text: bool = False
    interpreter: "Program | None" = None

    @property
    def is_runnable(self) -> bool:
        """Whether file, permission, and every interpreter of a script are there."""
        if self.state is not ProgramState.FOUND or self.is_text:
            return False
        return self.interpreter is None or self.interpreter.is_runnable


class ProgramFinder:
    """Finds programs in one image's merged tree; answers are kept, since scripts share interpreters."""

    def __init__(self, context: FactContext, *, working_directory: str | None = None) -> None:
        """Search with the config's PATH from the config's working directory."""
        runtime = context.image.config.runtime
        variables = [entry.partition("=")[2] for entry in runtime.env if entry.startswith("PATH=")]
        self.search_path = tuple(
            folder for folder in (variables[-1] if variables else DEFAULT_PATH).split(":") if folder
        )
        self._working_directory = runtime.working_dir if working_directory is None else working_directory
        self._context = context
        self._answers: dict[str, Program] = {}

    def find(self, word: str) -> Program:
        """The program that `word` names, its interpreters included."""
        if word not in self._answers:
            self._answers[word] = self._find(word, INTERPRETER_DEPTH)
        return self._answers[word]

    def _find(self, word: str, depth: int) -> Program:
        """The program, with interpreters down to a depth."""
        if "/" in word:
            return self._examine(word, join_path(self._working_directory, word), depth)
        best = Program(word, ProgramState.MISSING)
        for folder in self.search_path:
            program = self._examine(word, join_path(folder, word), depth)
            if program.state is ProgramState.FOUND:
                return program
            if _rank(program) > _rank(best):
                best = program
        return best

    def _examine(self, word: str, path: str, depth: int) -> Program:
        """What lies at a path."""
        node = self._context.tree.resolve(path)
        if node is None:
            return self._explain_missing(word, path)
        if node.type not in (EntryType.FILE, EntryType.HARDLINK):
            return Program(word, ProgramState.NOT_A_FILE, node.path, node.layer)
        if not node.mode & _ANY_EXECUTE:
            line = self._context.extract_of(ScriptExtractor.name, node)
            shebang = parse_shebang(line) if isinstance(line, str) else None
            return Program(word, ProgramState.NOT_EXECUTABLE, node.path, node.layer, node.mode, shebang=shebang)
        return self._read_script(word, node, depth)

    def _read_script(self, word: str, node: Node, depth: int) -> Program:
        """An executable file, with its interpreter where it is a script."""
        found = Program(word, ProgramState.FOUND, node.path, node.layer, node.mode)
        line = self._context.extract_of(ScriptExtractor.name, node)
        if not isinstance(line, str):
            return found
        shebang = parse_shebang(line)
        if shebang is None:
            return replace(found, is_text=True)
        return replace(found, shebang=shebang, interpreter=self._find_interpreter(shebang, depth))

    def _find_interpreter(self, shebang: Shebang, depth: int) -> Program:
        """The interpreter that the kernel would start, or the program that env(1) would start in its place."""
        ending = "\r" if shebang.has_carriage_return else ""
        if depth == 0:
            return Program(shebang.interpreter, ProgramState.MISSING)
        if shebang.program is shebang.interpreter:
            return self._find(shebang.interpreter + ("" if shebang.argument else ending), depth - 1)
        env = self._find(shebang.interpreter, depth - 1)
        return self._find(shebang.program + ("" if shebang.options else ending), depth - 1) if env.is_runnable else env

    def _explain_missing(self, word: str, path: str) -> Program:
        """A program that is not there: never put there, removed by a layer, or the end of a link that leads nowhere."""
        path = normpath(f"/{path}").lstrip("/")
        node = self._context.tree.get(path)
        if node is not None and node.type is EntryType.SYMLINK:
            target = node.link
            return Program(word, ProgramState.MISSING, path, node.layer, link_target=target)
        return Program(word, ProgramState.MISSING, path, removed_by=self._context.find_removal(path))


def _rank(program: Program) -> int:
    """How much a failed look-up in one folder explains: a file that cannot be run, a trace of one, or nothing."""
    if program.state is not ProgramState.MISSING:
        return 2
    return int(program.link_target is not None or program.removed_by is not None)


def join_path(folder: str, name: str) -> str:
    """A path from the root, without leading slash; an absolute name replaces the folder. Dots are left to the tree."""
    return name.strip("/") if name.startswith("/") else f"{folder.strip('/')}/{name}".strip("/")
