"""FactSet: facts by type."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar, cast

from layerscope.facts.fact import Fact

F = TypeVar("F", bound=Fact)


class FactSet:
    """An immutable collection of facts, asked by type."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        """Keep the facts in the order given, grouped by type."""
        self._by_type: dict[type[Fact], list[Fact]] = {}
        for fact in facts:
            self._by_type.setdefault(type(fact), []).append(fact)

    def __iter__(self) -> Iterator[Fact]:
        return chain.from_iterable(self._by_type.values())

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of exactly that type, in the order they were collected."""
        return tuple(cast("list[F]", self._by_type.get(kind, [])))

    def find(self, kind: type[F]) -> F | None:
        """The first fact of that type, if any."""
        facts = self._by_type.get(kind)
        return cast("F", facts[0]) if facts else None
