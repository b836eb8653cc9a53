"""TarScanner: one pass over a layer's tar, from chunks to columns, reading as container runtimes do."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NoReturn

from layerscope.errors import LayerDamageError, SourceError, TransferError
from layerscope.layers import anomaly
from layerscope.layers.block_reader import BlockReader, TruncatedError
from layerscope.layers.columns import Columns
from layerscope.layers.compression import CorruptError, TruncatedStreamError
from layerscope.layers.content_hashes import ContentHashes
from layerscope.layers.extended_header import ExtendedHeaders
from layerscope.layers.extractor_set import ExtractorSet
from layerscope.layers.index import LayerIndex
from layerscope.layers.limits import MAX_NAMES, LimitPassedError, Limits
from layerscope.layers.member import MemberReader
from layerscope.layers.plain_members import take_plain_members
from layerscope.layers.plain_names import PlainNames
from layerscope.layers.scan import Damage, DamageKind
from layerscope.layers.scan_parts import ScanParts
from layerscope.layers.stages import Sink
from layerscope.layers.tar_header import BLOCK, HeaderError, HeaderReader, read_name, read_size
from layerscope.layers.toc.document import MAX_TABLE, TABLE_NAME, TableError, parse_table

_DUPLICATES = frozenset({anomaly.DUPLICATE_ENTRY, anomaly.RESPELLED_DUPLICATE})
_ZERO_BLOCK = bytes(BLOCK)
_TYPE = 156
"""Where a header has its type flag."""
_REGULAR_FILE = b"0\0"
"""The type flags of a file with content, which every reader takes alike."""


class TarScanner:
    """Scans one tar; after `run`, `index` gives what was read, also when damage ended the reading."""

    def __init__(
        self, chunks: Iterator[bytes], extractors: ExtractorSet, limits: Limits, files: Sink | None = None
    ) -> None:
        """Prepare to read the chunks; larger files are hashed in `files`, if that is given."""
        self._reader = BlockReader(chunks)
        self._headers = HeaderReader()
        self._columns = Columns(self._headers.attribute_table)
        self._extractors = extractors
        self._limits = limits
        self._extended = ExtendedHeaders(self._reader, self._columns)
        self._hashes = ContentHashes(self._columns, files)
        self._parts = ScanParts(self._reader, self._headers, self._columns, extractors, PlainNames(), self._hashes)
        self._members = MemberReader(self._parts, limits.sparse_holes)
        self._unused = 0

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
        except TransferError:
            raise
        except (SourceError, LayerDamageError, OSError) as error:
            return Damage(DamageKind.UNREADABLE, f"{error}, after {self._describe_last()}", self._reader.offset)
        except HeaderError as error:
            return Damage(DamageKind.CORRUPT, f"{error}, after {self._describe_last()}", self._reader.offset - BLOCK)
        return None

    def index(self) -> LayerIndex:
        """Everything that was read."""
        self._hashes.settle()
        index = self._columns.finish(self._reader.offset, unused=self._unused + self._extended.unused)
        if any(found.kind in _DUPLICATES for found in index.anomalies):
            self._extractors.drop_superseded(self._columns.find_last)
        return index

    def _scan_archive(self) -> None:
        reader, extended, left = self._reader, self._extended, self._limits.layer_entries
        while True:
            if not extended.pending:
                take_plain_members(self._parts, left)
            header = reader.read_block()
            if header is None:
                self._columns.note(anomaly.MISSING_TRAILER, "", "", reader.offset)
                return
            if header == _ZERO_BLOCK:
                self._read_trailer()
                return
            self._take_header(header)
            left = self._limits.layer_entries - len(self._columns.paths) - self._unused - extended.unused
            if left < 0:
                self._pass_limit()
            if self._columns.count_names() > MAX_NAMES:
                raise LimitPassedError(f"names, links and attributes of more than {MAX_NAMES:,} characters")

    def _pass_limit(self) -> NoReturn:
        """Give up; headers that bring no entry count as well, and an entry once, however many headers it has."""
        ceiling = self._limits.layer_entries
        what = "entries" if len(self._columns.paths) > ceiling else "entries and headers without one"
        raise LimitPassedError(f"more than {ceiling:,} {what}, the limit for one layer (--max-layer-entries)")

    def _take_header(self, header: bytes) -> None:
        """Take any header: an extended one changes the next member, anything else is a member."""
        if not self._headers.has_valid_checksum(header):
            self._columns.note(anomaly.BAD_CHECKSUM, "", "", self._reader.offset - BLOCK)
            raise HeaderError("a header whose checksum is wrong")
        if self._extended.take(header):
            return
        entries = len(self._columns.paths)
        self._members.take(header, self._extended.pop())
        self._unused += len(self._columns.paths) == entries

    def _read_trailer(self) -> None:
        if self._extended.pending:
            self._extended.note_orphan()
        offset = self._reader.offset
        second = self._reader.read_block()
        if second is None:
            self._columns.note(anomaly.MISSING_TRAILER, "", "one zero block instead of two", offset)
        elif second != _ZERO_BLOCK:
            self._columns.note(anomaly.LONE_ZERO_BLOCK, "", "", offset - BLOCK)
            self._pass_rest()

    def _check_rest(self) -> None:
        """Read on to the end of the stream and name the block that is not zero: runtimes never look there."""
        found = self._find_block()
        if found is not None and not self._is_table_alone(found[1]):
            self._note_rest(*found)
        self._pass_rest()

    def _pass_rest(self) -> None:
        self._reader.position = len(self._reader.chunk)
        while self._reader.advance():
            self._reader.position = len(self._reader.chunk)

    def _find_block(self) -> tuple[int, bytes] | None:
        """The next block that is not zero, with its offset; shorter where the stream ends in it."""
        reader = self._reader
        while True:
            rest = reader.chunk[reader.position :]
            lead = len(rest) - len(rest.lstrip(b"\0"))
            if lead < len(rest):
                break
            reader.position += lead
            if not reader.advance():
                return None
        begin = (reader.offset + lead) // BLOCK * BLOCK
        block = bytes(max(0, reader.offset - begin))  # those of a chunk before were zeros
        reader.position += max(0, begin - reader.offset)
        with suppress(TruncatedError):
            for piece in reader.iter_body(BLOCK - len(block)):
                block += piece
        return begin, block

    def _is_table_alone(self, block: bytes) -> bool:
        """Whether this is the header of an eStargz table and nothing else follows: BuildKit puts one behind the tar.

        It keeps the tar's own bytes, its end included: AppendTarLossLess in stargz-snapshotter's estargz/estargz.go.
        Whoever reads on behind the end must find what we do: of other types the size counts for some readers alone.
        """
        if not self._is_header(block) or read_name(block) != TABLE_NAME or block[_TYPE] not in _REGULAR_FILE:
            return False
        try:
            size = read_size(block)
            if size > MAX_TABLE:
                return False
            content, padding = self._reader.read_body(size), self._reader.read_body(-size % BLOCK)
            parse_table(content, most=self._limits.layer_entries)
        except (HeaderError, TruncatedError, TableError):
            return False
        return not any(padding) and self._find_block() is None

    def _note_rest(self, offset: int, block: bytes) -> None:
        is_header = self._is_header(block)
        name = self._members.show_name(read_name(block)) if is_header else ""
        kind = anomaly.CONCATENATED_ARCHIVE if is_header else anomaly.TRAILING_DATA
        self._columns.note(kind, name, "", offset)

    def _is_header(self, block: bytes) -> bool:
        return len(block) == BLOCK and self._headers.has_valid_checksum(block)

    def _describe_end(self) -> str:
        return f"the archive ends inside an entry, after {self._describe_last()}"

    def _describe_last(self) -> str:
        paths = self._columns.paths
        if len(paths) > 1:
            return f"{len(paths):,} entries, the last of them {paths[-1]!r}"
        return f"one entry, {paths[0]!r}" if paths else "no entry"
