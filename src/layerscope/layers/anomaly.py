"""The names of tar anomalies, with what each means for the runtimes that unpack the layer."""

from typing import Final

ABSOLUTE_NAME: Final = "absolute-name"
PARENT_REFERENCE: Final = "parent-reference"
ESCAPING_NAME: Final = "escaping-name"
EMPTY_NAME: Final = "empty-name"
NON_UTF8_NAME: Final = "non-utf8-name"
CONTROL_CHARACTER_NAME: Final = "control-character-name"
OVERLONG_NAME: Final = "overlong-name"
DUPLICATE_ENTRY: Final = "duplicate-entry"
INVALID_WHITEOUT: Final = "invalid-whiteout"
UNKNOWN_TYPE: Final = "unknown-type"
SPARSE_FILE: Final = "sparse-file"
GLOBAL_HEADER: Final = "global-header"
INVALID_EXTENDED_HEADER: Final = "invalid-extended-header"
ORPHAN_EXTENDED_HEADER: Final = "orphan-extended-header"
BAD_CHECKSUM: Final = "bad-checksum"
BAD_NUMBER: Final = "bad-number"
MISSING_TRAILER: Final = "missing-trailer"
CONCATENATED_ARCHIVE: Final = "concatenated-archive"
TRAILING_DATA: Final = "trailing-data"
ESCAPING_HARDLINK: Final = "escaping-hardlink"
DANGLING_HARDLINK: Final = "dangling-hardlink"

MEANINGS: Final[dict[str, str]] = {
    ABSOLUTE_NAME: "the name starts with a slash; runtimes strip it",
    PARENT_REFERENCE: "the name holds '..' but stays inside the root; runtimes clean it",
    ESCAPING_NAME: "the name leads out of the root; runtimes refuse the layer",
    EMPTY_NAME: "the entry has no name",
    NON_UTF8_NAME: "the name is not UTF-8; tools disagree on how to show and store it",
    CONTROL_CHARACTER_NAME: "the name holds control characters",
    OVERLONG_NAME: "the name, or a part of it, is longer than Linux allows; unpacking fails",
    DUPLICATE_ENTRY: "the path occurs twice in one layer, which the image specification forbids; the last one wins",
    INVALID_WHITEOUT: "the whiteout names nothing that could be removed",
    UNKNOWN_TYPE: "the entry type is unknown; runtimes skip it or refuse the layer",
    SPARSE_FILE: "the file is stored sparse, which the image specification advises against",
    GLOBAL_HEADER: "a PAX global header; some tools abort on it",
    INVALID_EXTENDED_HEADER: "an extended header that does not parse; runtimes refuse the layer",
    ORPHAN_EXTENDED_HEADER: "an extended header that no entry follows",
    BAD_CHECKSUM: "the header checksum is wrong; reading stops here",
    BAD_NUMBER: "a header field is not a number",
    MISSING_TRAILER: "the archive ends without its two zero blocks",
    CONCATENATED_ARCHIVE: "another archive follows the trailer; runtimes ignore it, its files are not in the container",
    TRAILING_DATA: "bytes that are not zero follow the trailer; runtimes ignore them",
    ESCAPING_HARDLINK: "the hard link leads out of the root; runtimes refuse the layer",
    DANGLING_HARDLINK: "the hard link points to nothing in this or a lower layer; unpacking fails",
}

REFUSED: Final = frozenset(
    {
        ESCAPING_NAME,
        OVERLONG_NAME,
        INVALID_EXTENDED_HEADER,
        BAD_CHECKSUM,
        ESCAPING_HARDLINK,
        DANGLING_HARDLINK,
    }
)
"""Anomalies on which container runtimes refuse to unpack the layer."""
