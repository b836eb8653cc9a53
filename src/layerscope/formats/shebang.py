"""The first line of a script, as the kernel and env(1) read it."""

from typing import Final

from msgspec import Struct

MAGIC: Final = "#!"

LINE_LIMIT: Final = 256
"""What the kernel reads of the line (BINPRM_BUF_SIZE): https://www.kernel.org/doc/html/latest/admin-guide/binfmt-misc.html"""


class Shebang(Struct, frozen=True):
    """A shebang line: the interpreter's path, its single argument, and whether the line ends in carriage return.

    The kernel splits once: all that follows the interpreter is one argument.
    """

    interpreter: str
    argument: str
    has_carriage_return: bool

    @property
    def program(self) -> str:
        """What runs in the end: the program that env(1) would look up, or the interpreter itself."""
        if self.interpreter.rpartition("/")[2] != "env":
            return self.interpreter
        for word in self.argument.split():
            if not word.startswith("-") and "=" not in word:
                return word
        return self.interpreter

    @property
    def options(self) -> tuple[str, ...]:
        """The words that follow the program."""
        words = self.argument.split()
        if self.program is not self.interpreter and self.program in words:
            return tuple(words[words.index(self.program) + 1 :])
        return tuple(words)


def parse_shebang(line: str) -> Shebang | None:
    """The shebang that `line` spells, or None where it names no interpreter."""
    if not line.startswith(MAGIC):
        return None
    text = line[len(MAGIC) : LINE_LIMIT].partition("\n")[0]
    interpreter, _, argument = text.strip(" \t\r").replace("\t", " ").partition(" ")
    if not interpreter:
        return None
    return Shebang(interpreter, argument.strip(), text.endswith("\r"))


def first_line(content: bytes) -> str:
    """The first line of a file, carriage return kept, at most as long as the kernel reads."""
    return content[:LINE_LIMIT].partition(b"\n")[0].decode("utf-8", "surrogateescape")
