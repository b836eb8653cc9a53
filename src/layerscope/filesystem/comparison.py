"""Two entries compared: by what they hold, and by what is written on them."""

from layerscope.filesystem.stack import LayerStack
from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import EntryType
from layerscope.layers.index import NO_XATTRS


def has_same_content(stack: LayerStack, one: int, other: int) -> bool:
    """Whether two entries are of one type and hold the same: bytes, link target or device number.

    Huge sparse files, whose bytes are not hashed, equal nothing but themselves.
    """
    kind = stack.type(one)
    if kind is not stack.type(other):
        return False
    one, other = stack.content(one), stack.content(other)
    if one == other or kind in {EntryType.DIRECTORY, EntryType.FIFO}:
        return True
    (one_layer, one_position), (other_layer, other_position) = stack.locate(one), stack.locate(other)
    one_index, other_index = stack.indexes[one_layer], stack.indexes[other_layer]
    if kind is EntryType.FILE:
        digest = one_index.digest(one_position)
        is_same = digest == other_index.digest(other_position) and digest != NO_DIGEST
        return is_same and one_index.sizes[one_position] == other_index.sizes[other_position]
    if kind is EntryType.SYMLINK:
        return one_index.links.get(one_position) == other_index.links.get(other_position)
    return one_index.devices.get(one_position) == other_index.devices.get(other_position)


def has_same_attributes(stack: LayerStack, one: int, other: int) -> bool:
    """Whether mode, owner and extended attributes are the same; times are not compared."""
    if one < 0 or other < 0:
        return one < 0 and other < 0
    (one_layer, one_position), (other_layer, other_position) = stack.locate(one), stack.locate(other)
    one_index, other_index = stack.indexes[one_layer], stack.indexes[other_layer]
    return one_index.attribute(one_position) == other_index.attribute(other_position) and one_index.xattrs.get(
        one_position, NO_XATTRS
    ) == other_index.xattrs.get(other_position, NO_XATTRS)
