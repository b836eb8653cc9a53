"""The files of requirements and constraints that an install command reads, as they lie in the build context."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from posixpath import basename, dirname, join, normpath
from typing import Final

from layerscope.fixes.dockerfile.build_context import BuildContext, ContextFile
from layerscope.fixes.dockerfile.copies import find_sources, find_takers, list_folders, read_copy, read_mounts
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_words, strip_quotes
from layerscope.formats.requirements_file import RequirementsFile, parse_requirements
from layerscope.layers.columns import NO_DIGEST
from layerscope.rules.wording import tell_list

FILES_LIMIT: Final = 20
"""Files that one command reads, those that files name among them."""

UNREAD_SHOWN: Final = 2
"""Files that are told not to have been read."""

INSTALL: Final = re.compile(
    r"(?:\w+=\S*\s+|sudo\s+)*(?:\S*/)?(?:pip[\d.]*|python[\d.]*\s+-m\s+pip|uv\s+pip)\s+(?:-\S+\s+)*install(?=\s)"
)
_LISTED: Final = re.compile(r"(?:^|\s)(?:(-r|-c)[\s=]*|--(requirement|constraint)[\s=]+)(\S+)")
_CHANGES_FOLDER: Final = re.compile(r"(?:cd|pushd|popd)(?:\s|$)")


@dataclass(frozen=True)
class RequiredFile:
    """A file that a command reads, what it asks for, and the instructions that take it, by their first lines.

    A `doubt` says why it may be another file than the image was built with.
    """

    file: ContextFile
    is_constraint: bool
    content: RequirementsFile
    takers: tuple[int, ...]
    doubt: str = ""


@dataclass(frozen=True)
class RequiredFiles:
    """What a command reads of the context, and why other files that it names cannot be changed."""

    files: tuple[RequiredFile, ...] = ()
    unread: tuple[str, ...] = ()


def find_listed(command: str) -> list[tuple[str, bool]]:
    """The files that an install command names, and which are of constraints."""
    match = INSTALL.match(command)
    found = _LISTED.finditer(command, match.end()) if match is not None else ()
    return [(strip_quotes(each[3]), (each[1] or each[2]).lstrip("-").startswith("c")) for each in found]


def read_required_files(matched: MatchedDockerfile, maker: Instruction, place: int) -> RequiredFiles:
    """The files of the command of that place in a RUN; none of them is read without a context."""
    context, commands = matched.context, read_script(maker)
    listed = find_listed(commands[place].text)
    if context is None or not listed:
        return RequiredFiles(unread=tuple(f"{path} is not read without a build context" for path, _ in listed))
    folder = list_folders(matched)[maker.number]
    has_moved = any(_CHANGES_FOLDER.match(command.text) for command in commands[:place])
    reading = _Reading(matched, context, maker, [command.text for command in commands[:place]])
    for path, is_constraint in listed:
        if "$" in path or "://" in path or (has_moved and not path.startswith("/")):
            reading.unread.append(f"where {path} lies cannot be told")
        else:
            reading.add(normpath(join(folder, path)), is_constraint=is_constraint)
    return RequiredFiles(tuple(reading.files), tuple(reading.unread))


def tell_unread(reasons: Sequence[str]) -> str:
    """That a file which was not read may ask for something else, as the end of a title."""
    if not reasons:
        return ""
    shown = tell_list(reasons[:UNREAD_SHOWN], shown=UNREAD_SHOWN, is_cut=len(reasons) > UNREAD_SHOWN)
    return f"; what else it is to meet is not known: {shown}"


@dataclass
class _Reading:
    """The files as they are read, one that another names behind it."""

    matched: MatchedDockerfile
    context: BuildContext
    maker: Instruction
    before: Sequence[str]
    files: list[RequiredFile] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def add(self, path: str, *, is_constraint: bool) -> None:
        """Read what lies at a path of the image when the command runs, and what that names."""
        source, reason = self._find_source(path)
        file = self.context.read(source) if source else reason
        if isinstance(file, str):
            self.unread.append(file)
            return
        if any(each.file == file for each in self.files):
            return
        if len(self.files) >= FILES_LIMIT:
            self.unread.append(f"more than {FILES_LIMIT} files are named")
            return
        content = parse_requirements(file.text or "")
        takers = tuple(each.number for each, _ in find_takers(self.matched.dockerfile, source))
        doubt = self._find_doubt(file, path)
        self.files.append(RequiredFile(file, is_constraint, content, tuple(dict.fromkeys(takers)), doubt))
        for nested in content.nested:
            if "://" in nested.path or "$" in nested.path:
                self.unread.append(f"where {nested.path} lies cannot be told")
            else:
                self.add(
                    normpath(join(dirname(path), nested.path)), is_constraint=is_constraint or nested.is_constraint
                )

    def _find_doubt(self, file: ContextFile, path: str) -> str:
        """Why a file of a folder that nobody named is not known to be the image's: what lies there is another."""
        node = self.matched.tree.get(path.strip("/")) if self.matched.tree is not None else None
        digest = None if node is None else node.digest
        is_known = digest not in {None, NO_DIGEST}
        if not (self.context.is_guessed and is_known) or digest == sha256((file.text or "").encode()).digest():
            return ""
        return f"{file.name} is not what the image holds as {path}: name the folder that it is built from by --context"

    def _find_source(self, path: str) -> tuple[str, str]:
        """The path of the context, or why there is none."""
        folders = list_folders(self.matched)
        for mount in read_mounts(self.maker, folders[self.maker.number]):
            if source := self._find_file(find_sources(mount, path)):
                return source, ""
        if _changes(self.before, path):
            return "", f"line {self.maker.number} may change {path} first"
        for each in reversed([each for each in self.matched.instructions if each.number < self.maker.number]):
            commands = [command.text for command in read_script(each)] or [each.operands]
            if each.keyword == "RUN" and _changes(commands, path):
                return "", f"line {each.number} may change {path} before it is read"
            copy = read_copy(each, folders[each.number])
            if copy is not None and (source := self._find_file(find_sources(copy, path))):
                return source, ""
            if copy is None and _may_write(each, folders[each.number], path):
                return "", f"line {each.number} takes {path} from elsewhere than the context"
        return "", f"no line of the Dockerfile is seen to copy {path} from the context"

    def _find_file(self, sources: Iterator[str]) -> str:
        return next((source for source in sources if self.context.find_kind(source) == "file"), "")


def _changes(commands: Sequence[str], path: str) -> bool:
    """Whether a command that installs nothing names the file."""
    name = re.compile(rf"(?<![\w-]){re.escape(basename(path))}(?![\w-])")
    return any(name.search(command) and not INSTALL.match(command) for command in commands)


def _may_write(instruction: Instruction, folder: str, path: str) -> bool:
    """Whether a copy out of a stage or a document may bring the file."""
    if instruction.keyword not in {"COPY", "ADD"}:
        return False
    words = instruction.words or tuple(map(strip_quotes, find_words(instruction.operands)))
    target = normpath(join(folder, words[-1]))
    return f"{path}/".startswith(f"{target.rstrip('/')}/")
