"""Which hard links need an entry to be there: those with its content, and those that are written as links to it."""

from layerscope.filesystem.stack import LayerStack


def find_dependents(stack: LayerStack) -> dict[int, list[int]]:
    """The hard links that lead nowhere, or elsewhere, without an entry; by that entry, which may be a link itself."""
    links_at: dict[str, list[int]] = {}
    for link in stack.hard_links:
        links_at.setdefault(stack.path(link), []).append(link)
    found: dict[int, list[int]] = {}
    for link, content in stack.hard_links.items():
        found.setdefault(content, []).append(link)
        layer, position = stack.locate(link)
        for other in links_at.get(stack.indexes[layer].links.get(position, ""), ()):
            if other < link and stack.content(other) == content:
                found.setdefault(other, []).append(link)
    return found
