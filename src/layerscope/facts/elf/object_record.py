"""ElfObject ⇄ plain values that an extractor may keep: what is as usual is left out, and names are joined."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from layerscope.formats.elf_object import ElfObject, NeededVersion, UndefinedSymbol

_DEFAULTS: Final = {
    each.name: each.default for each in fields(ElfObject) if each.name not in {"required_versions", "undefined"}
}


def pack_object(found: ElfObject) -> dict[str, object]:
    """The object as plain values."""
    record: dict[str, object] = {
        name: list(value) if isinstance(value, tuple) else value
        for name, default in _DEFAULTS.items()
        if (value := getattr(found, name)) != default
    }
    if found.required_versions:
        record["required_versions"] = [[each.library, each.version, each.is_weak] for each in found.required_versions]
    if found.undefined:
        record["undefined"] = [list(group) for group in _group(found.undefined)]
    return record


def unpack_object(record: Mapping[str, Any]) -> ElfObject:
    """The object that `pack_object` was given."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    if "required_versions" in values:
        values["required_versions"] = tuple([NeededVersion(*each) for each in values["required_versions"]])
    if "undefined" in values:
        values["undefined"] = tuple(
            [
                UndefinedSymbol(name, version, is_weak)
                for version, is_weak, names in values["undefined"]
                for name in names.decode(errors="surrogateescape").split("\0")
            ]
        )
    return ElfObject(**values)


def _group(symbols: Sequence[UndefinedSymbol]) -> Iterable[tuple[str, bool, bytes]]:
    """Names joined, by version and weakness, in the order in which the symbols are sorted."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for symbol in symbols:
        groups.setdefault((symbol.version, symbol.is_weak), []).append(symbol.name)
    for (version, is_weak), names in groups.items():
        yield version, is_weak, "\0".join(names).encode(errors="surrogateescape")
