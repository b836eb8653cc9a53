"""A recipe for `docker run` and `podman run`."""

import shlex
from collections.abc import Iterable

from layerscope.recipe.comments import to_line, write_comments
from layerscope.recipe.setting import Recipe, Setting

NAMELESS = '"${IMAGE:?expected the name by which the engine has the image}"'


def list_flags(settings: Iterable[Setting]) -> list[list[str]]:
    """The flags of all settings, each with its value; of two settings of the same subject, the later one's."""
    last = {setting.subject: setting for setting in settings if setting.docker}
    return [list(flag) for setting in last.values() for flag in setting.docker]


def emit_docker(image: str, recipe: Recipe) -> str:
    """A script of POSIX sh with one command; what is given to the script are further flags. No name is asked for."""
    has_gpus = any(flag[0] == "--gpus" for setting in recipe.settings for flag in setting.docker)
    told = ", which may want --device nvidia.com/gpu=all in the place of --gpus" if has_gpus else ""
    lines = [
        "#!/bin/sh",
        f"# Runs {to_line(image) or 'the image'} with what it needs; further flags may follow the script's name.",
        f"# ENGINE=podman takes another engine{told}.",
        *write_comments(recipe.list_left_out("docker")),
    ]
    for setting in {each.subject: each for each in recipe.settings if each.docker}.values():
        flags = " ".join(shlex.join(flag) for flag in setting.docker)
        lines += [*write_comments([setting.note]), f'set -- {flags} "$@"']
    lines.append(f'exec "${{ENGINE:-docker}}" run --rm "$@" {shlex.quote(image) if image else NAMELESS}')
    return "\n".join(lines) + "\n"
