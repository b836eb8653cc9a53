"""ImageChoice: which images are checked: named ones, those of compose files, and what Dockerfiles are built to."""

import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.commit_names import KnownCommits, compile_form, fill_name, find_placeholders, tell_unfilled
from layerscope.gate.compose_file import read_service_images
from layerscope.gate.limits import LIMITS
from layerscope.gate.setting import Setting, is_text
from layerscope.image.platform import Platform
from layerscope.sources.identity import identify_image, place_image
from layerscope.sources.schemes import split_scheme

OWN_KEYS: Final = ("against", "base", "ignore-base", "platforms", *(limit.key for limit in LIMITS))
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
    compose: tuple[Path, int] | None = None
    """That file, and the line of the service."""
    said_at: str = ""
    """The key of its entry, as `check.images[0]`; empty where the command line names it."""
    is_optional: bool = False
    """Whether it may be that there is no such image."""
    is_derived: bool = False
    """Whether its name was made of a branch, a tag or a commit."""
    left_out: str = ""
    """Why there is no image to check, where its name has placeholders for which nothing stands."""
    opened: str = ""
    """The name as it is opened, where that is another one: a path of the settings file, meant from its folder."""
    platform: Platform | None = None
    """The platform that is checked, where somebody says it."""
    built_by: tuple[str, ...] = ()
    """The words of the command that builds it, where a compose file's service names it."""

    @property
    def place(self) -> str:
        """What is opened."""
        return self.opened or self.name


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
    listed: dict[Hashable, ImageChoice] = {}
    forms: list[tuple[re.Pattern[str], ImageChoice]] = []
    for choice, text in _iter_choices(setting, folder, environment):
        if text is not None and find_placeholders(text):
            forms.append((compile_form(_drop_scheme(choice.name)), choice))
        for filled in _fill_choice(choice, text, name_commits, is_named=bool(named)):
            placed = replace(filled, opened=place_image(filled.name, folder))
            same = (identify_image(placed.place), placed.platform)
            listed[same] = merge_choices(listed[same], placed, setting) if same in listed else placed
    if not named:
        return tuple(listed.values())
    found = ((name, each) for name in named for each in _find_listed(name, listed.values(), forms, setting))
    wanted = {(name, each.platform): each for name, each in found}
    return tuple(wanted.values())


def _drop_scheme(name: str) -> str:
    """A name without the engine that has it."""
    scheme, rest = split_scheme(name)
    return rest if scheme in {"docker", "podman"} else name


def _find_listed(
    name: str,
    listed: Collection[ImageChoice],
    forms: Sequence[tuple[re.Pattern[str], ImageChoice]],
    setting: Setting,
) -> Iterator[ImageChoice]:
    """What is said of an image that is named, for each platform: under that very name, else however it is spelled.

    One that an entry would name for another branch, tag or commit has what that entry says.
    """
    identity = identify_image(name)
    exact = [each for each in listed if each.name == name and identity.path is None]
    found: dict[Platform | None, ImageChoice] = {}
    for each in exact or [each for each in listed if identify_image(each.place).thing == identity.thing]:
        same = replace(each, name=name, opened="" if each not in exact else each.opened)
        found[each.platform] = merge_choices(found[each.platform], same, setting) if each.platform in found else same
    alike = (each for form, each in forms if form.fullmatch(_drop_scheme(name)))
    yield from found.values() or (replace(next(alike, ImageChoice(name)), name=name),)


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
        if is_text(value):
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
    texts = _read_source(entry.below(kind, table[kind]))
    text = texts[0]
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
            for each in read_service_images([folder / text for text in texts], services, environment):
                built = replace(choice, dockerfile=each.dockerfile, target=each.target, platform=each.platform)
                told = f"service {each.service} of {', '.join(texts)}"
                files = [word for text in texts for word in ("-f", text)]
                words = ("docker", "compose", *files, "build", each.service) if each.dockerfile else ()
                place = (each.path, each.line)
                yield replace(built, name=each.image, said_by=told, compose=place, built_by=words), None


def _read_source(setting: Setting) -> tuple[str, ...]:
    """The text of a source; of compose, one file or several, each laid over those before it."""
    if setting.key.endswith(".compose") and isinstance(setting.value, list) and setting.value:
        return setting.read_texts("the path of a compose file, or a list of them")
    return (setting.read_text(),)


def merge_choices(first: ImageChoice, second: ImageChoice, setting: Setting) -> ImageChoice:
    """An image that two entries name, with what both say; raises SettingsError where they contradict each other."""
    said = {key: (first.own[key].value, value.value) for key, value in second.own.items() if key in first.own}
    files = [each.dockerfile.resolve() for each in (first, second) if each.dockerfile is not None]
    said["dockerfile"] = (files[:1], files[-1:])
    said["target"] = (first.target, second.target if second.dockerfile and first.dockerfile else first.target)
    for key, (one, other) in said.items():
        if one != other:
            raise SettingsError(
                f"reading settings from {setting.place}: {second.said_at}: {key} of {second.name} is another one "
                f"in {first.said_at}; expected the image once"
            )
    is_first = first.dockerfile is not None or second.dockerfile is None
    built = first if is_first else second
    return replace(
        first,
        own={**first.own, **second.own},
        dockerfile=built.dockerfile,
        target=built.target,
        built_by=built.built_by,
        is_optional=first.is_optional and second.is_optional,
    )


def _refuse_strays(entry: Setting, kind: str) -> None:
    """Raise SettingsError for a key that means nothing beside the kind of source."""
    beside = {"services": "compose", "tag": "dockerfile", "target": "dockerfile"}
    for key, wanted in beside.items():
        if key in entry.read_table() and kind != wanted:
            raise SettingsError(f"{entry.where}.{key}: expected {wanted} beside it, found {kind}")
