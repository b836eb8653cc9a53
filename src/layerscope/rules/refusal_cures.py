"""What to do about a layer that runtimes refuse, by what they refuse in it."""

from collections.abc import Mapping
from typing import Final

from layerscope.rules.fix import Fix

ENGINE_STEP: Final = "Let the engine make the layer: COPY or ADD the files in a Dockerfile."

MOVE: Final = "rename, move or drop the entries"
"""What helps against most entries that stand in the way of others."""

CURES: Final[Mapping[str, tuple[str, str]]] = {
    "overlong-name": (
        "shorten the names",
        "Linux takes 255 bytes of one name, and 4,095 of a path or of what a link points to.",
    ),
    "invalid-whiteout": (
        "drop the whiteouts that name nothing",
        "A whiteout is an empty file .wh.NAME beside the NAME that it removes from the layers below.",
    ),
    "late-whiteout": (
        "leave out what the layer itself removes",
        "Drop what the whiteout removes of its own layer; a whiteout of what lower layers have comes first.",
    ),
    "unknown-type": (
        "pack everything as a type that runtimes know",
        "These are files, links, directories, devices and pipes: tar --format=pax, without --sparse or --label.",
    ),
    "invalid-extended-header": (
        "write valid extended headers",
        "GNU tar and bsdtar write them so: tar --format=pax, without --sparse or --pax-option.",
    ),
    "unsettable-attribute": (
        "drop the extended attributes",
        "Pack the files with tar --no-xattrs, and give programs their capabilities in a RUN setcap.",
    ),
    "skipped-attribute": (
        "drop the extended attributes",
        "Pack the files with tar --no-xattrs; on macOS: COPYFILE_DISABLE=1 tar --no-xattrs --no-mac-metadata.",
    ),
    "bad-number": (
        "write numbers as tar programs do",
        "In a header, modes, owners, times and device numbers are octal digits or base 256; in PAX records, decimal.",
    ),
    "lone-zero-block": (
        "end the archive with two zero blocks",
        "If archives were joined (cat a.tar b.tar), join their entries instead: tar --concatenate.",
    ),
    "dangling-hardlink": (
        "put hard links behind their files",
        "A hard link names a file that comes before it in its own layer; of a file of another layer, make a symlink.",
    ),
    "root-no-directory": (
        "name the entries below the root",
        "Only a directory may be named like the root itself.",
    ),
    "empty-symlink": (
        "give the symlinks a target",
        "Linux makes none that points to an empty name.",
    ),
    "below-no-directory": (
        MOVE,
        "What an entry lies in is a directory, or a symlink to one that comes before it in its own layer.",
    ),
    "below-symlink": (
        "name the entries by where the symlink leads",
        "Or put the directory that it leads to before them, into their own layer.",
    ),
    "replaced-directory": (
        "leave out the directories that the layer itself replaces",
        "Runtimes set the times of all directories of a layer when everything is unpacked: each is to be there then.",
    ),
    "opaque-no-directory": (
        "drop the opaque whiteouts of what is no directory",
        "An opaque whiteout is an empty file .wh..wh..opq in a directory: it hides what lower layers have in that.",
    ),
    "whiteout-below-no-directory": (
        "drop the whiteouts below what the layer removes or makes a file",
        "What a layer removes, or makes a file, goes with all that lower layers have in it.",
    ),
}
"""By the kind of what is refused: what to do instead of leaving the layer to a builder, and what holds for it."""


def choose_cure(kind: str) -> Fix:
    """The fix for a layer in which runtimes refuse this."""
    cure, *steps = CURES.get(kind, (MOVE,))
    return Fix(f"Write the layer with a container builder, or {cure}", (ENGINE_STEP, *steps))
