"""The check of images by their IDs, whatever their names come to mean meanwhile."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from layerscope.cli.git_commits import find_commits
from layerscope.engine.program import EngineKind
from layerscope.errors import ReferenceSyntaxError
from layerscope.gate.image_choice import ImageChoice, choose_images
from layerscope.gate.setting import Origin, Setting
from layerscope.image.reference import Reference
from layerscope.settings import Settings
from layerscope.sources.daemon import LOCAL_HOST

_PINNED: Final = f"{__name__}.pinned"
"""Where a context keeps it for the commands that it runs."""


def find_pinned(context: click.Context) -> Mapping[str, str]:
    """By name, what images of those names are read from instead."""
    pinned: Mapping[str, str] = context.meta.get(_PINNED, {})
    return pinned


def check_pinned(context: click.Context, pinned: Mapping[str, str], *, platform: str | None = None) -> int:
    """The exit code of `layerscope check` of these names, each of which is read from what it is pinned to."""
    from layerscope.cli.commands.check import command as check

    words = [*(["--platform", platform] if platform else []), "--", *pinned]
    context.meta[_PINNED] = pinned
    with check.make_context("check", words, parent=context) as inner:
        code: int = check.invoke(inner)
        return code


def name_as_listed(names: Iterable[str], kind: EngineKind, settings: Settings) -> dict[str, str]:
    """Each name as the policy spells it, for what it says of that image holds; as it is where the policy has none."""
    choices = _choose(settings, ())
    spelled = {_spell(choice.name, kind): choice.name for choice in reversed(choices)}
    return {name: spelled.get(_spell(name, kind), name) for name in names}


def find_own_entries(
    names: Iterable[str], kind: EngineKind, settings: Settings, *, known: Iterable[str]
) -> tuple[str, ...]:
    """Those of the engine's names for an image of which the policy demands something of its own, as it spells them.

    An entry that is that of a name in `known`, or of several names, is needed once.
    """
    wanted = name_as_listed((each for name in names for each in _list_spellings(name, kind)), kind, settings)
    entries = {choice.said_at for choice in _choose(settings, tuple(known))}
    found = {choice.said_at: choice.name for choice in _choose(settings, tuple(wanted.values())) if choice.own}
    return tuple(dict.fromkeys(name for entry, name in found.items() if entry not in entries))


def _choose(settings: Settings, named: Sequence[str]) -> tuple[ImageChoice, ...]:
    """What the policy says of these images, of all where none is named; one that goes by no commit here is no error."""
    return choose_images(
        list_policy_images(settings),
        named=named,
        folder=find_folder(settings),
        environment=os.environ,
        name_commits=lambda: replace(find_commits(os.environ), is_pushed=True),
    )


def list_choices(settings: Settings) -> tuple[ImageChoice, ...]:
    """The images that the policy lists."""
    return choose_images(
        list_policy_images(settings),
        named=(),
        folder=find_folder(settings),
        environment=os.environ,
        name_commits=lambda: find_commits(os.environ),
    )


def list_policy_images(settings: Settings) -> Setting:
    """The key of the policy that lists images."""
    return Setting("check.images", settings.check.get("images"), Origin.FILE, str(settings.path or ""))


def find_folder(settings: Settings) -> Path:
    """The folder that the paths of the policy are meant from."""
    return settings.path.parent if settings.path is not None else Path.cwd()


def _list_spellings(name: str, kind: EngineKind) -> tuple[str, ...]:
    """A name as the engine lists it, and as a person writes it where podman puts its own host before that."""
    bare = name.removeprefix(LOCAL_HOST)
    return (name, bare) if kind == "podman" and bare != name else (name,)


def _spell(name: str, kind: EngineKind) -> str:
    """The name in full, without the scheme of the engine."""
    bare = name.removeprefix(f"{kind}:")
    try:
        return str(Reference.parse(bare))
    except ReferenceSyntaxError:
        return name
