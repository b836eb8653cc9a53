"""Which unmet needs make one finding: those of objects that fail together, or for want of the same libraries."""

from collections.abc import Sequence

from layerscope.facts.elf.unmet_needs import UnmetNeed
from layerscope.facts.fact_set import FactSet
from layerscope.rules.reach_severity import judge_need
from layerscope.rules.unmet_need_wording import find_told_needs


def group_needs(facts: FactSet) -> list[list[UnmetNeed]]:
    """Needs of one package or program that hang together; groups that lack the same are one, the worst need first.

    What another rule tells the reason of is left out, but for what a layer removed.
    """
    packages: dict[tuple[str, int | None], list[UnmetNeed]] = {}
    told = find_told_needs(facts)
    for need in facts.of(UnmetNeed):
        if need.removed_by is None and need.needed.startswith(told.get(need.reach.package, ())):
            continue
        packages.setdefault((need.reach.package or need.reach.roots[0], need.removed_by), []).append(need)
    alike: dict[tuple[frozenset[str], int | None, str | None], list[UnmetNeed]] = {}
    for (_, removed_by), own in packages.items():
        for group in _split(own):
            names = frozenset(need.needed for need in group)
            alike.setdefault((names, removed_by, group[0].unusable), []).extend(group)
    groups = [
        sorted(group, key=lambda need: (judge_need(need, facts), need.reach.count), reverse=True)
        for group in alike.values()
    ]
    return sorted(groups, key=lambda group: judge_need(group[0], facts), reverse=True)


def _split(needs: Sequence[UnmetNeed]) -> list[list[UnmetNeed]]:
    """The needs of a package, those apart that share neither the object, nor the library, nor a root with others."""
    groups: list[tuple[set[str], list[UnmetNeed]]] = []
    for need in needs:
        marks = {need.place.path, need.needed, *need.reach.roots}
        joined = [group for group in groups if group[0] & marks]
        groups = [group for group in groups if not group[0] & marks]
        members = [member for _, group in joined for member in group]
        groups.append((marks.union(*(mark for mark, _ in joined)), [*members, need]))
    return [members for _, members in groups]
