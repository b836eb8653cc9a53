"""The command that builds an image from a Dockerfile again, as it is typed where the file and the folder were named."""

import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

from layerscope.fixes.dockerfile.matching import MatchedDockerfile

NAME: Final = "Dockerfile"
"""What builders take where no file is named."""


def write_build_command(
    matched: MatchedDockerfile, name: str, flags: Sequence[str] = (), *, changes_files: bool = False
) -> str:
    """`docker build` with flags, the file and the stage where they need to be named, and the folder that is built from.

    `name` is the file's in diffs. With `changes_files`, files of the folder are changed, so that it is the right one.
    """
    folder = _find_folder(matched, changes_files=changes_files)
    words = ["docker", "build", *flags, *_list_file(matched, name, folder)]
    stages = matched.dockerfile.stages
    if matched.target != stages[-1]:
        words += ["--target", matched.target.name or str(stages.index(matched.target))]
    return shlex.join([*words, "-t", "IMAGE", folder])


def _list_file(matched: MatchedDockerfile, name: str, folder: str) -> tuple[str, ...]:
    """The option that names the Dockerfile, unless the builder finds it by itself."""
    file, typed_folder = (name, ".") if matched.context is None else matched.context.typed
    is_found = folder == typed_folder and file == str(PurePath(typed_folder, NAME))
    return () if is_found else ("-f", file or name)


def _find_folder(matched: MatchedDockerfile, *, changes_files: bool) -> str:
    """The folder that is built from, where it was named, or files of it are changed; nobody knows another one.

    That of a Dockerfile which does not lie below the command's folder is more likely than that folder itself.
    """
    context = matched.context
    if context is None:
        return "."
    is_far = context.typed[0].startswith(("/", ".."))
    is_known = not context.is_guessed or is_far or changes_files
    return (context.typed[1] or context.prefix if is_known else "") or "."
