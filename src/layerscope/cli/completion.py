"""Completion for docker's shells: what may follow, in the lines that docker's own completion prints.

https://github.com/spf13/cobra/blob/v1.8.1/completions.go: a line for each word, a tab and its explanation, then a
colon and what the shell is to do.
"""

from collections.abc import Sequence
from typing import Final

import click

DEFAULT: Final = 0
"""The shell may offer files, too."""
NO_FILES: Final = 4

_PATHS: Final = ("file", "dir")


def render_completions(root: click.Command, program: str, words: Sequence[str], *, is_explained: bool) -> str:
    """What may take the place of the last word."""
    from click.shell_completion import ShellComplete

    *typed, begun = words or ("",)
    found = ShellComplete(root, {}, program, "").get_completions(list(typed), begun)
    lines = [
        f"{each.value}\t{each.help}" if each.help and is_explained else each.value
        for each in found
        if each.type not in _PATHS
    ]
    wants_files = not found or any(each.type in _PATHS for each in found)
    return "".join(f"{line}\n" for line in lines) + f":{DEFAULT if wants_files else NO_FILES}\n"
