"""What is fuzzed: every function of `layerscope.formats` that reads bytes or text, found by its name and type."""

import ast
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import layerscope.formats
from layerscope.errors import FormatError

PREFIXES: Final = ("parse_", "find_", "iter_")

LONGEST_WORD: Final = 32
"""libFuzzer takes 64 bytes; longer constants are patterns and sentences."""


@dataclass(frozen=True)
class Target:
    """One function under test; `takes_text` where it wants decoded input."""

    module: str
    function: Callable[..., object]
    takes_text: bool

    @property
    def name(self) -> str:
        """How the target is called on the command line."""
        return f"{self.module}.{self.function.__name__}"

    def try_input(self, content: bytes) -> bool:
        """Read `content`, to the end where results come one by one; whether the format accepts it.

        Any exception but FormatError is a defect, and comes out of here.
        """
        value = content.decode("utf-8", "surrogateescape") if self.takes_text else content
        try:
            result = self.function(value)
            if isinstance(result, Iterator):
                for _ in result:
                    pass
        except FormatError:
            return False
        return True


def list_targets() -> tuple[Target, ...]:
    """All targets, by module and name."""
    return tuple(target for module in list_modules() for target in _iter_targets(module))


def load_target(name: str) -> Target:
    """The target of that name; no module but its own is imported."""
    (target,) = (each for each in _iter_targets(name.rpartition(".")[0]) if each.name == name)
    return target


def list_modules() -> tuple[str, ...]:
    """Every module of `formats`, by its name there."""
    return tuple(sorted(info.name for info in pkgutil.iter_modules(layerscope.formats.__path__)))


def import_format(module: str) -> ModuleType:
    """A module of `formats`."""
    return importlib.import_module(f"{layerscope.formats.__name__}.{module}")


def list_used(module: str) -> frozenset[str]:
    """The module and those of `formats` that it builds on, directly or through others."""
    seen, pending = set[str](), [module]
    while pending:
        name = pending.pop()
        seen.add(name)
        pending += _list_imports(import_format(name)) - seen
    return frozenset(seen)


def list_words(module: str) -> tuple[bytes, ...]:
    """The constants in the source of a module and of those that it builds on, as bytes that an input may hold."""
    return tuple(sorted({word for name in list_used(module) for word in _iter_words(import_format(name))}))


def _list_imports(module: ModuleType) -> set[str]:
    """The modules of `formats` that a module of it imports."""
    package, names = layerscope.formats.__name__, set[str]()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.ImportFrom(module=str() as source) if source == package:
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str() as source) if source.startswith(package + "."):
                names.add(source.removeprefix(package + "."))
    return names


def _iter_words(module: ModuleType) -> Iterator[bytes]:
    words: set[bytes] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Constant(value=bytes() as value):
                words.add(value)
            case ast.Constant(value=str() as value) if "\n" not in value and " " not in value:
                words.add(value.encode())
            case ast.Constant(value=int() as value) if 0xFF < value < 1 << 64:
                size = 2 if value < 1 << 16 else 4 if value < 1 << 32 else 8
                words |= {value.to_bytes(size, "little"), value.to_bytes(size, "big")}
    yield from (word for word in words if 0 < len(word) <= LONGEST_WORD)


def _iter_targets(name: str) -> Iterator[Target]:
    module = import_format(name)
    for function_name, function in sorted(vars(module).items()):
        is_own = inspect.isfunction(function) and function.__module__ == module.__name__
        if not is_own or not function_name.startswith(PREFIXES):
            continue
        first, *others = inspect.signature(function).parameters.values()
        if any(other.default is inspect.Parameter.empty for other in others):
            continue
        kinds = _list_kinds(typing.get_type_hints(function)[first.name])
        if bytes in kinds or str in kinds:
            yield Target(name, function, takes_text=bytes not in kinds)


def _list_kinds(hint: object) -> tuple[object, ...]:
    """The alternatives of a type."""
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
