"""What a message says of a library that lacks symbol versions, for one object that needs them or for many."""

from collections.abc import Sequence

from layerscope.facts.elf.search_step import SearchStep
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersion, order_version
from layerscope.rules.reach_severity import tell_failing, tell_users
from layerscope.rules.wording import begin, tell_count, tell_layer, tell_list, tell_path


def tell_one_lack(fact: UnmetSymbolVersion) -> str:
    """What one object requires and does not get."""
    newest = f", whose newest is {fact.newest}" if fact.newest else ""
    return (
        f"{begin(tell_failing(fact.reach))}: {fact.place.path.rpartition('/')[2]} requires "
        f"{tell_list(fact.versions[::-1])}, and the loader finds {tell_path(fact.provider.path)} by "
        f"{fact.step} in {tell_layer(fact.provider.layer, fact.provider.instruction)}{newest}{_tell_better(fact)}"
    )


def tell_many_lacks(group: Sequence[UnmetSymbolVersion]) -> str:
    """What one library lacks, and all that fail for want of it."""
    worst = group[0]
    lacking = sorted({version for fact in group for version in fact.versions}, key=order_version, reverse=True)
    how = "puts first" if worst.step is SearchStep.LIBRARY_PATH else "leads to"
    return (
        f"{tell_path(worst.provider.path)} of {tell_layer(worst.provider.layer, worst.provider.instruction)}, which "
        f"{worst.step} {how}, lacks {tell_list(lacking)} that {tell_users(fact.reach for fact in group)} need "
        f"({tell_count(len(group), 'object')}){_tell_better(worst)}"
    )


def _tell_better(fact: UnmetSymbolVersion) -> str:
    """The copy that should be found."""
    return f"; {tell_path(fact.better[0])} has it and is not chosen" if fact.better else ""
