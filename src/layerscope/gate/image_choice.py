"""ImageChoice: which images are checked: named ones, those of compose files, and what Dockerfiles are built to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.commit_names import KnownCommits, fill_name, find_placeholders, tell_unfilled
from layerscope.gate.compose_file import read_service_images
from layerscope.gate.limits import LIMITS
from layerscope.gate.setting import Setting

OWN_KEYS: Final = ("against", "base", "ignore-base", *(limit.key for limit in LIMITS))
"""What an image may have of its own, in place of what holds for all."""

_SOURCES: Final = ("image", "compose", "dockerfile")
_KEYS: Final = (*_SOURCES, "services", "tag", "target", "optional", *OWN_KEYS)

NameCommits = Callable[[], KnownCommits]
"""What finds the commits that placeholders stand for; it is asked where there are any."""


@dataclass(frozen=True)
class ImageChoice:
    """An image by name; the Dockerfile and stage that it is built from, where known; and what holds for it alone."""

    name: str
    dockerfile: Path | None = None
    target: str = ""
    own: Mapping[str, Setting] = field(default_factory=dict)
    said_by: str = ""
    """The compose file and service that name it."""
    said_at: str = ""
    """The key of its entry, as `check.images[0]`; empty where the command line names it."""
    is_optional: bool = False
    """Whether it may be that there is no such image."""
    is_derived: bool = False
    """Whether its name was made of a branch, a tag or a commit."""
    left_out: str = ""
    """Why there is no image to check, where its name has placeholders for which nothing stands."""


def choose_images(
    setting: Setting,
    *,
    named: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    name_commits: NameCommits,
) -> tuple[ImageChoice, ...]:
    """The images that are named on the command line, else those of the setting, each once; raises SettingsError.

    One that is named and that the setting has, too, keeps what the setting says of it; paths are meant from `folder`.
    """
    if setting.value is None:
        return tuple(ImageChoice(name) for name in dict.fromkeys(named))
    listed: dict[str, ImageChoice] = {}
    for choice, text in _iter_choices(setting, folder, environment):
        for filled in _fill_choice(choice, text, name_commits, is_named=bool(named)):
            listed.setdefault(filled.name, filled)
    if named:
        return tuple(listed.get(name) or ImageChoice(name) for name in dict.fromkeys(named))
    return tuple(listed.values())


def _fill_choice(
    choice: ImageChoice, text: Setting | None, name_commits: NameCommits, *, is_named: bool
) -> Iterator[ImageChoice]:
    """The images that a name stands for; one that is left out, with the reason, where it stands for none.

    That is an error where nothing is known of branches and tags at all, unless other images are named to be checked.
    """
    placeholders = find_placeholders(text) if text is not None else ()
    if not placeholders or text is None:
        yield choice
        return
    known = name_commits()
    names = fill_name(choice.name, known.commits)
    reason = tell_unfilled(placeholders, known)
    if not names and not known.is_pushed and not is_named and not any(each.names_ref for each in known.commits):
        raise SettingsError(f"{text.where}: {choice.name!r}: {reason}")
    for name in names:
        yield replace(choice, name=name, is_derived=True)
    if not names:
        yield replace(choice, left_out=reason)


Choices = Iterator[tuple[ImageChoice, Setting | None]]
"""Images, each with the setting of its name where that may have placeholders."""


def _iter_choices(setting: Setting, folder: Path, environment: Mapping[str, str]) -> Choices:
    values = [setting.value] if isinstance(setting.value, str) else setting.value
    expected = "a list of images, each a name or a table with image, compose or dockerfile"
    if not isinstance(values, list):
        raise setting.refuse(expected)
    for number, value in enumerate(values):
        entry = setting.below(number, value)
        if isinstance(value, str) and value.strip():
            yield ImageChoice(value, said_at=entry.key), entry
        elif isinstance(value, dict):
            yield from _read_entry(entry, folder, environment)
        else:
            raise entry.refuse("the name of an image or a table with image, compose or dockerfile")


def _read_entry(entry: Setting, folder: Path, environment: Mapping[str, str]) -> Choices:
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
    is_optional = entry.below("optional", table.get("optional", False)).read_flag()
    choice = ImageChoice(text, own=own, said_at=entry.key, is_optional=is_optional)
    match kind:
        case "image":
            yield choice, entry.below(kind, text)
        case "dockerfile":
            path = folder / text
            if not path.is_file():
                raise SettingsError(f"{entry.where}.dockerfile: there is no file {str(path)!r}")
            if "tag" not in table:
                raise SettingsError(f"{entry.where}: expected the tag that {text} is built to")
            tag = entry.below("tag", table["tag"])
            target = entry.below("target", table["target"]).read_text() if "target" in table else ""
            yield replace(choice, name=tag.read_text(), dockerfile=path, target=target), tag
        case _:
            services = entry.below("services", table["services"]).read_texts() if "services" in table else ()
            for service, image in read_service_images(folder / text, services, environment):
                yield replace(choice, name=image, said_by=f"service {service} of {text}"), None


def _refuse_strays(entry: Setting, kind: str) -> None:
    """Raise SettingsError for a key that means nothing beside the kind of source."""
    beside = {"services": "compose", "tag": "dockerfile", "target": "dockerfile"}
    for key, wanted in beside.items():
        if key in entry.read_table() and kind != wanted:
            raise SettingsError(f"{entry.where}.{key}: expected {wanted} beside it, found {kind}")
