"""ImageChoice: which images are checked: named ones, those of compose files, and what Dockerfiles are built to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.compose_file import read_service_images
from layerscope.gate.limits import LIMITS
from layerscope.gate.setting import Setting

OWN_KEYS: Final = ("against", *(limit.key for limit in LIMITS))
"""What an image may have of its own, in place of what holds for all."""

_SOURCES: Final = ("image", "compose", "dockerfile")
_KEYS: Final = (*_SOURCES, "services", "tag", "target", *OWN_KEYS)


@dataclass(frozen=True)
class ImageChoice:
    """An image by name; the Dockerfile and stage that it is built from, where known; and what holds for it alone."""

    name: str
    dockerfile: Path | None = None
    target: str = ""
    own: Mapping[str, Setting] = field(default_factory=dict)
    built_by: tuple[str, ...] = ()
    """The words of the command that builds it, where a compose file's service names it."""


def choose_images(
    setting: Setting, *, named: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[ImageChoice, ...]:
    """The images that are named on the command line, else those of the setting, each once; raises SettingsError.

    One that is named and that the setting has, too, keeps what the setting says of it; paths are meant from `folder`.
    """
    if setting.value is None:
        return tuple(ImageChoice(name) for name in dict.fromkeys(named))
    listed: dict[str, ImageChoice] = {}
    for choice in _iter_choices(setting, folder, environment):
        listed.setdefault(choice.name, choice)
    if named:
        return tuple(listed.get(name) or ImageChoice(name) for name in dict.fromkeys(named))
    return tuple(listed.values())


def _iter_choices(setting: Setting, folder: Path, environment: Mapping[str, str]) -> Iterator[ImageChoice]:
    values = [setting.value] if isinstance(setting.value, str) else setting.value
    expected = "a list of images, each a name or a table with image, compose or dockerfile"
    if not isinstance(values, list):
        raise setting.refuse(expected)
    for number, value in enumerate(values):
        entry = setting.below(number, value)
        if isinstance(value, str) and value.strip():
            yield ImageChoice(value)
        elif isinstance(value, dict):
            yield from _read_entry(entry, folder, environment)
        else:
            raise entry.refuse("the name of an image or a table with image, compose or dockerfile")


def _read_entry(entry: Setting, folder: Path, environment: Mapping[str, str]) -> Iterator[ImageChoice]:
    """The images of one table."""
    entry.refuse_unknown(_KEYS)
    table = entry.read_table()
    said = [key for key in _SOURCES if key in table]
    if len(said) != 1:
        raise SettingsError(
            f"{entry.where}: expected one of {', '.join(_SOURCES)}, found {' and '.join(said) or 'none'}"
        )
    own = {key: entry.below(key, table[key]) for key in OWN_KEYS if key in table}
    kind = said[0]
    text = entry.below(kind, table[kind]).read_text()
    _refuse_strays(entry, kind)
    match kind:
        case "image":
            yield ImageChoice(text, own=own)
        case "dockerfile":
            path = folder / text
            if not path.is_file():
                raise SettingsError(f"{entry.where}.dockerfile: there is no file {str(path)!r}")
            if "tag" not in table:
                raise SettingsError(f"{entry.where}: expected the tag that {text} is built to")
            tag = entry.below("tag", table["tag"]).read_text()
            target = entry.below("target", table["target"]).read_text() if "target" in table else ""
            yield ImageChoice(tag, path, target, own)
        case _:
            services = entry.below("services", table["services"]).read_texts() if "services" in table else ()
            for each in read_service_images(folder / text, services, environment):
                words = ("docker", "compose", "-f", text, "build", each.service) if each.dockerfile else ()
                yield ImageChoice(each.image, each.dockerfile, each.target, own, words)


def _refuse_strays(entry: Setting, kind: str) -> None:
    """Raise SettingsError for a key that means nothing beside the kind of source."""
    beside = {"services": "compose", "tag": "dockerfile", "target": "dockerfile"}
    for key, wanted in beside.items():
        if key in entry.read_table() and kind != wanted:
            raise SettingsError(f"{entry.where}.{key}: expected {wanted} beside it, found {kind}")
