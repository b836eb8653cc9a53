"""ElfObject ⇄ plain values that an extractor may keep: what is as usual is left out, and names are joined."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import fields

from layerscope.formats.elf_object import ElfObject, NeededVersion, UndefinedSymbols

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
    if isinstance(found.undefined, UndefinedSymbols) and found.undefined.groups:
        record["undefined"] = [list(group) for group in found.undefined.groups]
    return record


def unpack_object(record: Mapping[str, Any]) -> ElfObject:
    """The object that `pack_object` was given."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items()
    }
    if "required_versions" in values:
        values["required_versions"] = tuple([NeededVersion(*each) for each in values["required_versions"]])
    values["undefined"] = UndefinedSymbols([tuple(each) for each in values.get("undefined", ())])
    return ElfObject(**values)
