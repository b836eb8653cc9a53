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
RESPELLED_DUPLICATE: Final = "respelled-duplicate"
INVALID_WHITEOUT: Final = "invalid-whiteout"
LATE_WHITEOUT: Final = "late-whiteout"
AUFS_METADATA: Final = "aufs-metadata"
UNKNOWN_TYPE: Final = "unknown-type"
SPARSE_FILE: Final = "sparse-file"
GLOBAL_HEADER: Final = "global-header"
INVALID_EXTENDED_HEADER: Final = "invalid-extended-header"
ORPHAN_EXTENDED_HEADER: Final = "orphan-extended-header"
BAD_CHECKSUM: Final = "bad-checksum"
BAD_NUMBER: Final = "bad-number"
EXCESSIVE_NUMBER: Final = "excessive-number"
MISSING_TRAILER: Final = "missing-trailer"
CONCATENATED_ARCHIVE: Final = "concatenated-archive"
TRAILING_DATA: Final = "trailing-data"
LONE_ZERO_BLOCK: Final = "lone-zero-block"
ESCAPING_HARDLINK: Final = "escaping-hardlink"
DANGLING_HARDLINK: Final = "dangling-hardlink"
ROOT_NO_DIRECTORY: Final = "root-no-directory"
EMPTY_SYMLINK: Final = "empty-symlink"
UNSETTABLE_ATTRIBUTE: Final = "unsettable-attribute"
SKIPPED_ATTRIBUTE: Final = "skipped-attribute"
BELOW_NO_DIRECTORY: Final = "below-no-directory"
BELOW_SYMLINK: Final = "below-symlink"
REPLACED_DIRECTORY: Final = "replaced-directory"
OPAQUE_NO_DIRECTORY: Final = "opaque-no-directory"
WHITEOUT_BELOW_NO_DIRECTORY: Final = "whiteout-below-no-directory"
UNCHECKED_ORDER: Final = "unchecked-order"

MEANINGS: Final[dict[str, str]] = {
    ABSOLUTE_NAME: "the name starts with a slash; runtimes strip it",
    PARENT_REFERENCE: "the name holds '..' but stays below the root; runtimes clean it",
    ESCAPING_NAME: "the name climbs above the root; runtimes stop at the root, other tools may write outside",
    EMPTY_NAME: "the entry has no name",
    NON_UTF8_NAME: "the name is not UTF-8; tools disagree on how to show and store it",
    CONTROL_CHARACTER_NAME: "the name holds control characters",
    OVERLONG_NAME: "the name, or a part of it, is longer than Linux allows; unpacking fails",
    DUPLICATE_ENTRY: "the path occurs twice in one layer, which the image specification forbids",
    RESPELLED_DUPLICATE: "the path occurs twice in one layer, once behind a slash or `..`; runtimes take the last",
    INVALID_WHITEOUT: "the whiteout names nothing that could be removed; runtimes refuse the layer",
    UNKNOWN_TYPE: "the entry's type is none that runtimes unpack; they refuse the layer",
    SPARSE_FILE: "the file is stored sparse, which the image specification advises against",
    GLOBAL_HEADER: "a PAX global header; some tools abort on it",
    INVALID_EXTENDED_HEADER: "an extended header that is not valid; runtimes refuse the layer",
    ORPHAN_EXTENDED_HEADER: "an extended header that no entry follows",
    BAD_CHECKSUM: "the header checksum is wrong; reading stops here",
    BAD_NUMBER: "a header field is not a number; runtimes refuse the layer",
    MISSING_TRAILER: "the archive ends without its two zero blocks",
    CONCATENATED_ARCHIVE: "another archive follows the trailer; runtimes ignore it, its files are not in the container",
    TRAILING_DATA: "bytes that are not zero follow the trailer; runtimes ignore them",
    ESCAPING_HARDLINK: "the hard link's target climbs above the root; runtimes stop at the root, other tools may not",
    DANGLING_HARDLINK: "the hard link points to no file that comes before it in its own layer",
    LATE_WHITEOUT: "the whiteout comes after what it removes in its own layer, which overlayfs cannot hold",
    AUFS_METADATA: "bookkeeping of AUFS; runtimes leave it out",
    EXCESSIVE_NUMBER: "a time or an owner that no file has; runtimes cut it",
    LONE_ZERO_BLOCK: "one zero block alone, and no end behind it; runtimes refuse the layer",
    ROOT_NO_DIRECTORY: "it takes the root's place; Docker and podman refuse that, containerd skips it",
    EMPTY_SYMLINK: "the symlink points to an empty name, which Linux refuses",
    UNSETTABLE_ATTRIBUTE: "an extended attribute that Linux refuses to set; runtimes refuse the layer",
    SKIPPED_ATTRIBUTE: "an extended attribute that Linux refuses to set; not every runtime leaves it out",
    BELOW_NO_DIRECTORY: "it lies below a path that its own layer makes a file or removes",
    BELOW_SYMLINK: "it lies below a symlink to what its layer lacks; Docker and podman refuse that, not containerd",
    REPLACED_DIRECTORY: "its own layer replaces the directory, or what it lies in; runtimes cannot set its time then",
    OPAQUE_NO_DIRECTORY: "the opaque whiteout marks a file, a link or a removed path; containerd alone refuses that",
    WHITEOUT_BELOW_NO_DIRECTORY: (
        "the whiteout lies below what its layer makes a file or removes; Docker and containerd refuse that, podman "
        "leaves it out"
    ),
    UNCHECKED_ORDER: "the entries ask for too much work to be compared with each other",
}

BELOW: Final = frozenset({BELOW_NO_DIRECTORY, BELOW_SYMLINK, WHITEOUT_BELOW_NO_DIRECTORY})
"""Anomalies of what an entry lies in."""

REFUSED: Final = frozenset(
    {
        OVERLONG_NAME,
        INVALID_WHITEOUT,
        LATE_WHITEOUT,
        UNKNOWN_TYPE,
        INVALID_EXTENDED_HEADER,
        BAD_CHECKSUM,
        BAD_NUMBER,
        LONE_ZERO_BLOCK,
        DANGLING_HARDLINK,
        ROOT_NO_DIRECTORY,
        EMPTY_SYMLINK,
        UNSETTABLE_ATTRIBUTE,
        SKIPPED_ATTRIBUTE,
        BELOW_NO_DIRECTORY,
        BELOW_SYMLINK,
        REPLACED_DIRECTORY,
        OPAQUE_NO_DIRECTORY,
        WHITEOUT_BELOW_NO_DIRECTORY,
    }
)
"""Anomalies on which container runtimes refuse to unpack the layer, tried on Docker 20.10 and 26.1 (overlay2 and the
containerd image store) and podman 4.3; containerd takes BELOW_SYMLINK and ROOT_NO_DIRECTORY, it alone refuses
OPAQUE_NO_DIRECTORY, podman takes WHITEOUT_BELOW_NO_DIRECTORY, and at least one of them SKIPPED_ATTRIBUTE."""
