"""Shared content: which of the paths that are hard links of one another brings the bytes along."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from layerscope.filesystem.endings import Endings
from layerscope.filesystem.stack import LayerStack


@dataclass(frozen=True, slots=True)
class SharedContent:
    """Who holds the content that several paths share: its own path, or where that is gone its heir."""

    stack: LayerStack
    heirs: Mapping[int, int]

    @classmethod
    def below(cls, stack: LayerStack, endings: Endings, layer: int) -> "SharedContent":
        """As it is in the tree of the layers below one."""

        def is_there(ordinal: int) -> bool:
            ender = endings.ender(ordinal)
            return stack.locate(ordinal)[0] < layer and (ender is None or stack.locate(ender)[0] >= layer)

        return cls(stack, find_heirs(stack, is_there))

    def holder(self, ordinal: int) -> int:
        """The entry that brings along what another one shows: that one itself, if it is no hard link."""
        content = self.stack.content(ordinal)
        return self.heirs.get(content, content)

    def heir(self, ordinal: int) -> int | None:
        """The hard link that stands for the content of an entry, if its own path is gone."""
        return self.heirs.get(self.stack.content(ordinal))


def find_heirs(stack: LayerStack, is_there: Callable[[int], bool]) -> dict[int, int]:
    """For content that nothing but hard links shows, the first of them.

    `is_there` tells whether an entry is in the tree that is meant. The first is that of the lowest layer, and there the
    one whose path comes first.
    """
    left = [link for link, content in stack.hard_links.items() if is_there(link) and not is_there(content)]
    heirs: dict[int, int] = {}
    for link in sorted(left, key=lambda link: (stack.locate(link)[0], stack.path(link))):
        heirs.setdefault(stack.hard_links[link], link)
    return heirs
