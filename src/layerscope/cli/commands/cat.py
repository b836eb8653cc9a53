"""`layerscope cat`: one file's bytes, proved against the digest that the layer pass took."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

import click

from layerscope.audit.read_image import ReadImage
from layerscope.cli.command import Command
from layerscope.cli.console import Console
from layerscope.cli.image_access import read, tell_doubts
from layerscope.cli.options import Reading, image_argument, with_console, with_reading
from layerscope.cli.tree_paths import find_in_layer, find_visible, heeding_damage
from layerscope.errors import DigestMismatchError, TreeError, UsageError
from layerscope.filesystem.node import Node
from layerscope.layers.content import iter_contents
from layerscope.layers.entry import EntryType

_UNPRINTABLE: Final = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
)
"""What a terminal obeys: controls but for tabs and ends of lines, C1 controls and bidirectional marks in UTF-8."""

_LONGEST: Final = 3
"""Bytes of the longest of these; as many are held back, since a chunk may end within one."""


@click.command("cat", cls=Command)
@image_argument
@click.argument("path")
@click.option("--layer", type=click.IntRange(min=0), metavar="N", help="The file as layer N has it.")
@click.option("--follow/--no-follow", default=True, show_default=True, help="Follow a symlink at the end of PATH.")
@click.option("--force", is_flag=True, help="Write to a terminal even what a terminal would obey.")
@with_reading
@with_console
def command(
    image: str, path: str, *, layer: int | None, follow: bool, force: bool, reading: Reading, console: Console
) -> int:
    """Write one file of the image to standard output.

    Links are followed inside the image only. With --layer, a file that an upper layer changed or removed can still be
    had.
    """
    found = read(image, reading, console=console, random_access=True)
    code = tell_doubts(found, console)
    with heeding_damage(found):
        node = find_visible(path, found.tree, follow=follow) if layer is None else find_in_layer(path, layer, found)
        _check_type(node)
    chunks = _iter_proved(node, found)
    for chunk in iter_plain(chunks, node.path) if console.is_terminal() and not force else chunks:
        console.write_bytes(chunk)
    return code


def iter_plain(chunks: Iterable[bytes], path: str) -> Iterator[bytes]:
    """The same bytes as long as a terminal only shows them; raises UsageError before the first that it would obey."""
    held = b""
    for chunk in chunks:
        held += chunk
        if _UNPRINTABLE.search(held):
            raise _not_plain(path)
        yield held[:-_LONGEST]
        held = held[-_LONGEST:]
    if held.endswith(b"\r"):
        raise _not_plain(path)
    yield held


def _not_plain(path: str) -> UsageError:
    return UsageError(f"writing /{path} to a terminal: it is not plain text; redirect it, or add --force")


def _check_type(node: Node) -> None:
    """Only files have content; raises TreeError that says what there is instead."""
    if node.type is EntryType.FILE:
        return
    if node.type is EntryType.DIRECTORY:
        what = f"a directory; layerscope tree lists it (--glob '{node.path}/**')"
    elif node.type is EntryType.SYMLINK:
        what = f"a symlink to {node.link}"
    elif node.type is EntryType.HARDLINK:
        what = "a hard link to nothing"
    else:
        what = f"a {node.type.name.lower().replace('_', ' ')}"
    raise TreeError(f"reading /{node.path}: expected a file, found {what}")


def _iter_proved(node: Node, read: ReadImage) -> Iterable[bytes]:
    """The content of a file; raises DigestMismatchError at the end where it is not what the layer pass saw."""
    layer, position = node.content_layer, node.content_position
    hasher = hashlib.sha256()
    for _, content in iter_contents(read.image.layers[layer], read.scans[layer].index, [position]):
        for chunk in content:
            hasher.update(chunk)
            yield chunk
    if hasher.digest() != node.digest:
        raise DigestMismatchError(
            f"reading /{node.path} from layer {layer}: expected SHA-256 {(node.digest or b'').hex()}, "
            f"found {hasher.hexdigest()}; the layer changed since it was read"
        )
