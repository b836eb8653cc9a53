"""TarScanner: one pass over a layer's tar, from chunks to columns, reading as container runtimes do."""

import hashlib
from collections.abc import Iterator

from layerscope.errors import LayerDamageError, SourceError
from layerscope.layers import anomaly
from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.columns import Columns
from layerscope.layers.compression import CorruptError, TruncatedStreamError
from layerscope.layers.entry import EntryType
from layerscope.layers.extended_header import ExtendedHeaders
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import MAX_NAMES, LimitPassedError, Limits
from layerscope.layers.member import MemberReader
from layerscope.layers.scan import Damage, DamageKind
from layerscope.layers.tar_header import BLOCK, HeaderError, HeaderReader, read_name

_FILE = int(EntryType.FILE)
_DIRECTORY = int(EntryType.DIRECTORY)
_ZERO_BLOCK = bytes(BLOCK)
_PLAIN = {ord("0"): _FILE, 0: _FILE, ord("5"): _DIRECTORY}


class TarScanner:
    """Scans one tar; after `run`, `index` gives what was read, also when damage ended the reading."""

    def __init__(self, chunks: Iterator[bytes], extractors: ExtractorSet, limits: Limits) -> None:
        """Prepare to read the chunks."""
        self._reader = BlockReader(chunks)
        self._headers = HeaderReader()
        self._columns = Columns(self._headers.attribute_table)
        self._extractors = extractors
        self._limits = limits
        self._extended = ExtendedHeaders(self._reader, self._columns)
        self._members = MemberReader(self._reader, self._headers, self._columns, extractors)

    def run(self) -> Damage | None:
        """Read to the end of the stream; returns the damage that ended it early, if any."""
        try:
            self._scan_archive()
            self._check_rest()
        except TruncatedError:
            return Damage(DamageKind.TRUNCATED, self._describe_end(), self._reader.offset)
        except TruncatedStreamError as error:
            return Damage(DamageKind.TRUNCATED, f"{error}, after {self._describe_last()}", self._reader.offset)
        except CorruptError as error:
            return Damage(DamageKind.CORRUPT, f"{error}, after {self._describe_last()}", self._reader.offset)
        except LimitPassedError as error:
            return Damage(DamageKind.LIMIT, str(error), self._reader.offset)
        except (SourceError, LayerDamageError, OSError) as error:
            return Damage(DamageKind.UNREADABLE, f"{error}, after {self._describe_last()}", self._reader.offset)
        except HeaderError as error:
            return Damage(DamageKind.CORRUPT, f"{error}, after {self._describe_last()}", self._reader.offset - BLOCK)
        return None

    def index(self) -> LayerIndex:
        """Everything that was read."""
        index = self._columns.finish(self._reader.offset)
        if any(found.kind == anomaly.DUPLICATE_ENTRY for found in index.anomalies):
            self._extractors.drop_superseded(self._columns.find_last)
        return index

    def _scan_archive(self) -> None:
        reader, take_plain = self._reader, self._take_plain
        ceiling = self._limits.layer_entries
        while take_plain():
            header = reader.read_block()
            if header is None:
                self._columns.note(anomaly.MISSING_TRAILER, "", "", reader.offset)
                return
            if header == _ZERO_BLOCK:
                self._read_trailer()
                return
            self._take_header(header)
            if len(self._columns.paths) > ceiling:
                detail = f"more than {ceiling:,} entries, the limit for one layer (--max-layer-entries)"
                raise LimitPassedError(detail)
            if self._columns.count_names() > MAX_NAMES:
                raise LimitPassedError(f"names, links and attributes of more than {MAX_NAMES:,} characters")

    def _take_plain(self) -> bool:
        """Take members for as long as they are plain files and directories that lie whole inside the chunk.

        This is the hot loop: nine in ten members of a layer never leave it. Always returns True: what stopped it is
        the next header, which the caller reads in full.
        """
        if self._extended.pending:
            return True
        reader, columns, headers = self._reader, self._columns, self._headers
        chunk, view, position, before = reader.chunk, reader.view, reader.position, reader.offset - reader.position
        end = len(chunk)
        is_valid, attribute_of, time_of = headers.has_valid_checksum, headers.attribute, headers.mtime_ns
        plain_path, is_wanted = self._members.plain_path, self._extractors.is_wanted
        paths, types, digests = columns.paths.append, columns.types.append, columns.digests
        attributes, sizes = columns.attributes.append, columns.sizes.append
        times, offsets = columns.mtimes_ns.append, columns.offsets.append
        sha256, no_digest = hashlib.sha256, bytes(32)
        while position + BLOCK <= end:
            header = chunk[position : position + BLOCK]
            kind = _PLAIN.get(header[156])
            digits = header[124:135]
            if kind is None or not digits.isdigit() or header[135] not in b"\0 " or not is_valid(header):
                break
            path = plain_path(read_name(header), kind)
            try:
                size = int(digits, 8) if kind == _FILE else 0
                attribute, mtime_ns = attribute_of(header), time_of(header)
            except ValueError:
                break
            start = position + BLOCK
            if path is None or start + size > end:
                break
            if size:
                body = view[start : start + size]
                digests += sha256(body).digest()
                base = path[path.rfind("/") + 1 :]
                if is_wanted(path, base, chunk[start : start + 2]):
                    self._offer(path, base, body, attribute)
            else:
                digests += sha256().digest() if kind == _FILE else no_digest
            paths(path)
            types(kind)
            attributes(attribute)
            sizes(size)
            times(mtime_ns)
            offsets(before + start)
            position = start + (size + 511 & -512)
        reader.position = position
        return True

    def _offer(self, path: str, base: str, body: memoryview, attribute: int) -> None:
        content = bytes(body[: self._extractors.limit])
        mode = self._columns.attribute_table[attribute][0]
        position = len(self._columns.paths)
        self._extractors.offer(path, base, content, size=len(body), mode=mode, position=position)

    def _take_header(self, header: bytes) -> None:
        """Take any header: an extended one changes the next member, anything else is a member."""
        if not self._headers.has_valid_checksum(header):
            self._columns.note(anomaly.BAD_CHECKSUM, "", "", self._reader.offset - BLOCK)
            raise HeaderError("a header whose checksum is wrong")
        if self._extended.take(header):
            return
        self._members.take(header, self._extended.pop())

    def _read_trailer(self) -> None:
        if self._extended.pending:
            self._extended.note_orphan()
        offset = self._reader.offset
        second = self._reader.read_block()
        if second is None:
            self._columns.note(anomaly.MISSING_TRAILER, "", "one zero block instead of two", offset)
        elif second != _ZERO_BLOCK:
            self._columns.note(anomaly.TRAILING_DATA, "", "after a lone zero block; runtimes refuse that", offset)

    def _check_rest(self) -> None:
        """Read on to the end of the stream and name what is not zero: runtimes never look there."""
        reader = self._reader
        named = False
        while True:
            start = reader.position
            rest = reader.chunk[start:] if start else reader.chunk
            if not named and rest.count(0) != len(rest):
                named = True
                self._note_rest(rest, reader.offset)
            reader.position = max(start, len(reader.chunk))
            if not reader.advance():
                return

    def _note_rest(self, rest: bytes, offset: int) -> None:
        lead = len(rest) - len(rest.lstrip(b"\0"))
        block = rest[lead - lead % BLOCK :][:BLOCK]
        is_header = len(block) == BLOCK and self._headers.has_valid_checksum(block)
        name = self._members.show_name(read_name(block)) if is_header else ""
        kind = anomaly.CONCATENATED_ARCHIVE if is_header else anomaly.TRAILING_DATA
        self._columns.note(kind, name, "", offset + lead)

    def _describe_end(self) -> str:
        return f"the archive ends inside an entry, after {self._describe_last()}"

    def _describe_last(self) -> str:
        paths = self._columns.paths
        return f"{len(paths):,} entries, the last of them {paths[-1]!r}" if paths else "no entry"
