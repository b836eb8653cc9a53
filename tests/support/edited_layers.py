"""Layers given by their members, edited: what is cut, and what is in the tars afterwards as Python reads them."""

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from layerscope.filesystem.endings import Ending
from layerscope.filesystem.merge import merge_layers
from layerscope.filesystem.node import Node
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.surgery.cut_planner import plan_cuts
from layerscope.fixes.surgery.cuts import ImageCuts, NewFile, Range
from layerscope.fixes.surgery.merge_planner import plan_merge
from layerscope.fixes.surgery.merged_layer import iter_merged
from layerscope.fixes.surgery.new_members import iter_members
from layerscope.fixes.surgery.put_planner import plan_files
from layerscope.fixes.surgery.tar_editor import TRAILER, edit_members, edit_tar
from layerscope.fixes.surgery.tree_check import find_differences
from layerscope.rules.layer_edit import DropHidden, LayerEdit
from support.indexes import index_of_tar
from support.tar_header import PAX, Dialect
from support.tar_member import TarMember
from support.tar_writer import write_tar

Layers = Sequence[Sequence[TarMember]]


@dataclass(frozen=True)
class EditedLayers:
    """The cuts, what a container saw and sees, and the layers' tars afterwards."""

    cuts: ImageCuts
    before: MergedTree
    after: MergedTree
    tars: tuple[bytes, ...]

    @property
    def names(self) -> list[list[str]]:
        """The names of each layer's members, in order."""
        return [list_names(tar) for tar in self.tars]

    @property
    def differences(self) -> tuple[str, ...]:
        """What a container sees otherwise than before, though no edit named it."""
        return find_differences(self.before, self.after, self.cuts)

    def node(self, path: str) -> Node:
        """What a container sees at a path afterwards."""
        node = self.after.get(path)
        assert node is not None, path
        return node


def make_tree(tars: Sequence[bytes]) -> MergedTree:
    """What a container sees of these layers."""
    return merge_layers([index_of_tar(tar) for tar in tars])


def edit_tars(
    tars: Sequence[bytes],
    edits: Sequence[LayerEdit],
    *,
    latest: int | None = None,
    files: Mapping[str, NewFile] | None = None,
    merged: Range | None = None,
    base_layers: int = 0,
) -> EditedLayers:
    """Edit layers that are tars already; what no cut touches stays. New files may make one more layer, others one."""
    before = make_tree(tars)
    cuts = plan_cuts(before, edits, (files or {}).keys(), base_layers=base_layers)
    cuts = plan_files(before, cuts, files or {})
    cuts = plan_merge(before.stack.indexes, cuts, merged) if merged is not None else cuts
    cuts = replace(cuts, layers=tuple(replace(cut, latest=latest) for cut in cuts.layers), latest=latest)
    edited = tuple(_iter_edited(tars, before, cuts))
    if cuts.top:
        edited = (*edited, b"".join((*iter_members(cuts.top, latest), TRAILER)))
    return EditedLayers(cuts, before, make_tree(edited), edited)


def _iter_edited(tars: Sequence[bytes], before: MergedTree, cuts: ImageCuts) -> Iterator[bytes]:
    """Each tar after its cuts, those that become one as that one."""
    merge = cuts.merge
    for number, (tar, index, cut) in enumerate(zip(tars, before.stack.indexes, cuts.layers, strict=True)):
        if merge is None or number not in merge.merged.layers:
            yield b"".join(edit_tar(iter([tar]), index, cut)) if cut else tar
        elif number == merge.merged.last:
            numbers, indexes = merge.merged.layers, before.stack.indexes
            parts = (edit_members(iter([tars[each]]), indexes[each], cuts.layers[each]) for each in numbers)
            yield b"".join(iter_merged(parts, merge, cuts.latest))


def edit_layers(layers: Layers, *edits: LayerEdit, dialect: Dialect = PAX) -> EditedLayers:
    """Edit layers, and make sure that a container sees the same files, but for what edits name."""
    edited = edit_tars([write_tar(layer, dialect=dialect) for layer in layers], edits)
    assert edited.differences == ()
    return edited


def drop_everything(layers: int) -> list[LayerEdit]:
    """Edits that leave out whatever is hidden."""
    return [DropHidden(ending.value, layer) for layer in range(layers) for ending in Ending]


def list_names(tar: bytes) -> list[str]:
    """The names of a tar's members, in order."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return archive.getnames()
