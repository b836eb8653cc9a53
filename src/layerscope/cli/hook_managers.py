"""Programs that write git's hooks themselves and drop what another puts there: the check goes into their files."""

from pathlib import Path
from typing import Final

from layerscope.cli.hook_script import HOOK

_CALL: Final = 'layerscope hook run "$@"'
_LEFTHOOK_CALL: Final = "commands: {layerscope: {run: 'layerscope hook run {0}', use_stdin: true}}"
_MOST: Final = 1 << 16
"""Bytes of a hook that are looked at; lefthook's has 2,000."""


def find_manager(folder: Path) -> str | None:
    """Who writes the hooks of a folder, and the line that runs the check there; None where nobody is known to."""
    if folder.name == "_" and (folder / "h").is_file():  # husky 9
        return f"husky writes {str(folder)!r} anew: add the line {_CALL} to {str(folder.parent / HOOK)!r} instead"
    text = _read_hook(folder / HOOK)
    if "/_/husky.sh" in text:  # husky 5 to 8, whose hooks are the person's own files
        return f"{str(folder / HOOK)!r} is husky's: add the line {_CALL} to it instead"
    if "call_lefthook" in text:
        return (
            f"lefthook writes {str(folder / HOOK)!r} anew: add {_LEFTHOOK_CALL} under {HOOK} in lefthook.yml instead; "
            "without use_stdin, git's lines do not arrive"
        )
    return None


def tell_line(path: Path) -> str:
    """What to do about a hook that is committed, and so not one person's."""
    return f"{str(path)!r} is committed, for all who work here: add the line {_CALL} to it instead"


def _read_hook(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST).decode(errors="replace")
    except OSError:
        return ""
