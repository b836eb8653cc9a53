"""LD_LIBRARY_PATH in messages and cures; shared by the rules that find fault with it."""

from collections.abc import Iterable
from typing import Final

from layerscope.facts.elf.loader_configuration import LoaderConfiguration, SearchFolder
from layerscope.rules.fix import Fix
from layerscope.rules.wording import quote_instruction

_MOUNTED: Final = ("/usr/local/nvidia/lib", "/usr/local/nvidia/lib64", "/usr/lib/wsl", "/run/", "/mnt/", "/host/")
"""Folders that a runtime mounts: NVIDIA's images name the first two for their first runtime."""


def take_out(folder: str, configuration: LoaderConfiguration | None) -> Fix:
    """The fix for a folder (from the root) that should not be searched, with what is left of the variable."""
    title = f"Take {folder} out of LD_LIBRARY_PATH"
    if configuration is None:
        return Fix(title, (f"ENV LD_LIBRARY_PATH=…   without {folder}",))
    kept = [part for part in configuration.library_path if part.text.rstrip("/") != folder]
    return Fix(title, (set_library_path(kept), f"Or set {folder} for the one program that needs it."))


def set_library_path(folders: Iterable[SearchFolder]) -> str:
    """The instruction that leaves these folders, less what is empty or dead, or what to do where none is left."""
    texts = [folder.text for folder in folders if folder.text and not is_dead(folder)]
    kept = ":".join(dict.fromkeys(texts))
    return f"ENV LD_LIBRARY_PATH={kept}" if kept else "ENV LD_LIBRARY_PATH=   (nothing is left of it: delete the line)"


def tell_library_path(configuration: LoaderConfiguration | None) -> str:
    """The variable, with the step that set it where the history says."""
    step = configuration.library_path_step if configuration is not None else ""
    return f"LD_LIBRARY_PATH ({quote_instruction(step)})" if step else "LD_LIBRARY_PATH"


def is_dead(folder: SearchFolder) -> bool:
    """Whether nothing is there, and nothing is mounted there as a rule."""
    return folder.path is None and bool(folder.text) and not f"{folder.text.rstrip('/')}/".startswith(_MOUNTED)
