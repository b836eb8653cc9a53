"""Greedy shrinking: the smallest layers that still do what the first did."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from support.random_layers import Layers, RandomLayer
from support.tar_header import PAX
from support.tar_member import Kind, TarMember


def shrink(layers: Layers, is_still: Callable[[Layers], bool]) -> Layers:
    """Layers of which nothing can be dropped or made plainer without their ceasing to be so."""
    while True:
        for smaller in _iter_smaller(layers):
            if is_still(smaller):
                layers = smaller
                break
        else:
            return layers


def _iter_smaller(layers: Layers) -> Iterator[Layers]:
    """The layers with one thing less, the largest first."""
    if len(layers) > 1:
        yield from (layers[:number] + layers[number + 1 :] for number in range(len(layers)))
    for number, layer in enumerate(layers):
        for smaller in _iter_smaller_layers(layer):
            yield (*layers[:number], smaller, *layers[number + 1 :])


def _iter_smaller_layers(layer: RandomLayer) -> Iterator[RandomLayer]:
    members = layer.members
    for place in range(len(members)):
        yield replace(layer, members=members[:place] + members[place + 1 :])
    if layer.dialect is not PAX:
        yield replace(layer, dialect=PAX)
    for place, member in enumerate(members):
        for plainer in _iter_plainer(member):
            yield replace(layer, members=(*members[:place], plainer, *members[place + 1 :]))


def _iter_plainer(member: TarMember) -> Iterator[TarMember]:
    """The member with one oddity less."""
    for name in member.records:
        yield replace(member, records={key: value for key, value in member.records.items() if key != name})
    for name in member.fields:
        yield replace(member, fields={key: value for key, value in member.fields.items() if key != name})
    for name in member.xattrs:
        yield replace(member, xattrs={key: value for key, value in member.xattrs.items() if key != name})
    modes = {Kind.DIRECTORY: 0o755, Kind.SYMLINK: 0o777}
    plain = replace(member, mode=modes.get(member.kind, 0o644), uid=0, gid=0)
    if plain != member:
        yield plain
    for prefix in ("/", "./", "../", "q/../", "d/../"):
        if member.name.startswith(prefix) and len(member.name) > len(prefix):
            yield replace(member, name=member.name.removeprefix(prefix))
    if member.content and member.sparse is None:
        yield replace(member, content=b"")
