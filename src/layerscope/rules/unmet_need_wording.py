"""What a message says of a library that is missing, and what to do about it."""

from collections.abc import Sequence
from typing import Final

from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.rules.fix import Fix
from layerscope.rules.library_origins import find_package_commands
from layerscope.rules.wording import tell_layer, tell_list, tell_path

STEPS: Final = 6
"""Commands of one fix."""


def explain_need(need: UnmetNeed) -> str:
    """What the image has of the library, as the end of a sentence that names it."""
    if need.unusable is not None:
        return f"is found at {tell_path(need.unusable)}, which is no object that the loader takes"
    if need.removed_by is not None:
        return f"was removed by layer {need.removed_by} ({tell_path(need.removed_path)})"
    if need.is_uncached:
        return f"is at {tell_path(need.elsewhere[0])} but not in ld.so.cache"
    if need.elsewhere:
        return f"lies at {tell_path(need.elsewhere[0])}, where the loader does not look"
    return f"is not in the image (needed since {tell_layer(need.place.layer, need.place.instruction)})"


def suggest_libraries(needs: Sequence[UnmetNeed]) -> tuple[Fix, ...]:
    """Bring the libraries, or lead the loader to them."""
    need = needs[0]
    if need.removed_by is not None:
        paths = tell_list(dict.fromkeys(tell_path(each.removed_path) for each in needs))
        return (Fix("Keep the libraries", (f"Take out of what that step deletes: {paths}",)),)
    if need.is_uncached:
        return (Fix("Write the loader's cache anew", ("RUN ldconfig   after the libraries are in place",)),)
    if need.elsewhere and need.unusable is None:
        folder = tell_path(need.elsewhere[0].rpartition("/")[0])
        return (Fix(f"Lead to {folder}", (f"RUN echo {folder} > /etc/ld.so.conf.d/app.conf && ldconfig",)),)
    commands = find_package_commands(each.needed for each in needs)
    steps = commands[:STEPS] or (f"Find it: apt-file search {need.needed}, or dnf provides",)
    return (Fix("Install what has the libraries", steps),)
