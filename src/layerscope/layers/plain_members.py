"""The hot loop of the layer pass, through which nine in ten members of a layer go."""

import hashlib
from struct import Struct
from typing import Final
from zlib import adler32

from layerscope.layers.columns import NO_DIGEST
from layerscope.layers.entry import EntryType
from layerscope.layers.extractor_set import MAGIC_SIZE
from layerscope.layers.scan_parts import ScanParts
from layerscope.layers.tar_header import BLOCK, DEVICE_FIELDS, ORDINARY_DEVICES, read_checked_name

_HEADER: Final = Struct("100s24s11sc12s8sB188xB166x")
"""Name, owner fields, size in digits and what ends it, time, checksum, type, first byte of the prefix."""

_FILE: Final = int(EntryType.FILE)
_DIRECTORY: Final = int(EntryType.DIRECTORY)
_TYPES: Final = {ord("0"): _FILE, 0: _FILE, ord("5"): _DIRECTORY}
_SIZE_ENDS: Final = frozenset({b"\0", b" "})
_ODD_STARTS: Final = frozenset({"", "."})
"""How the last part of a name starts that may be empty, a dot name, or a whiteout."""
_NO_CONTENT: Final = hashlib.sha256().digest()


def take_plain_members(parts: ScanParts, most: int) -> None:
    """Take files and directories with plain names that lie whole inside one chunk, for as long as there are any.

    What stops it is the next header, for others to read in full, or the end of as many blocks as may be headers, `most`
    of them, so that no member is counted in the loop. The look-ups that answer nearly always are made in
    place, and whoever owns a table is asked only for what it does not hold: that took 6 to 18 % off a scan without
    hashing (two pairs, each the best of seven). A name needs no look at its length: a header holds at most 256 bytes of
    it, and 155 of one part.
    """
    reader, columns, headers, names = parts.reader, parts.columns, parts.headers, parts.names
    chunk, view, position, before = reader.chunk, reader.view, reader.position, reader.offset - reader.position
    end, last, sums = len(chunk), min(len(chunk) - BLOCK, position + (most - 1) * BLOCK), headers.sums
    attributes, times, directories = headers.attributes, headers.times, names.directories
    paths, current, add_run, add_path = columns.paths, columns.directory, columns.runs.append, columns.paths.append
    add_type, add_attribute, digests = columns.types.append, columns.attributes.append, columns.digests
    add_size, add_time, add_offset = columns.sizes.append, columns.mtimes_ns.append, columns.offsets.append
    unpack, type_of, sha256, is_wanted = _HEADER.unpack, _TYPES.get, hashlib.sha256, parts.extractors.is_wanted
    while position <= last:
        start = position + BLOCK
        header = chunk[position:start]
        name, owner, digits, digits_end, time, checksum, flag, prefix = unpack(header)
        kind = type_of(flag)
        if kind is None or digits_end not in _SIZE_ENDS or not digits.isdigit():
            break
        if (kind == _DIRECTORY and header[DEVICE_FIELDS] not in ORDINARY_DEVICES) or (
            adler32(header) & 0xFFFF != sums.get(checksum) and not headers.has_valid_checksum(header)
        ):
            break
        try:
            size = int(digits, 8) if kind == _FILE else int(digits, 8) and 0
            attribute = headers.attribute(header) if (known := attributes.get(owner)) is None else known
            mtime_ns = headers.fitting_mtime_ns(header) if (known := times.get(time)) is None else known
            path = (read_checked_name(header) if prefix else name.partition(b"\0")[0]).decode()
        except ValueError:
            break
        path = (path.removesuffix("/") if kind == _DIRECTORY else path).removeprefix("./")
        directory, _, base = path.rpartition("/")
        is_plain = directory in directories and base[:1] not in _ODD_STARTS and base.isprintable()
        stop = start + size
        if stop > end or not (is_plain or names.admits(path)):
            break
        if size:
            body = view[start:stop]
            digests += sha256(body).digest()
            if is_wanted(path, base, chunk[start : start + MAGIC_SIZE]):
                _show(parts, path, body, attribute)
        else:
            digests += _NO_CONTENT if kind == _FILE else NO_DIGEST
        if directory != current:
            add_run(len(paths))
            current = directory
        add_path(path)
        add_type(kind)
        add_attribute(attribute)
        add_size(size)
        add_time(mtime_ns)
        add_offset(before + start)
        position = start + (size + 511 & -512)
    columns.directory = current
    reader.pass_members(position)


def _show(parts: ScanParts, path: str, body: memoryview, attribute: int) -> None:
    """Show a file that lies whole in one chunk to everyone who wants it."""
    mode, position, size = parts.columns.attribute_table[attribute][0], len(parts.columns.paths), len(body)
    head = bytes(body[: parts.extractors.longest_magic])
    base = path[path.rfind("/") + 1 :]
    watched = parts.extractors.open_file(path, base, head, size=size, mode=mode, position=position)
    if watched is not None:
        watched.feed(body)
        watched.finish()
