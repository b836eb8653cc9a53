"""Files of dynamic loaders and views of files, written in the test that reads them."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import normpath

from layerscope.facts.elf.folder_search import FolderSearch
from layerscope.facts.elf.glibc_replay import GlibcReplay
from layerscope.facts.elf.loader_settings import LoaderKind, LoaderSettings
from layerscope.facts.elf.musl_replay import MuslReplay
from layerscope.facts.elf.process_replay import ProcessReplay
from layerscope.formats.elf_object import ElfObject

X86_64 = 62
GLIBC = LoaderSettings(LoaderKind.GLIBC, "/lib64/ld-linux-x86-64.so.2", None, ("/lib", "/usr/lib"))
MUSL = LoaderSettings(LoaderKind.MUSL, "/lib/ld-musl-x86_64.so.1", "lib/ld-musl-x86_64.so.1", ("/lib", "/usr/lib"))

MAGIC = b"glibc-ld.so.cache1.1"
OLD_MAGIC = b"ld.so-1.7.0\0"


def library(*needed: str, **more: object) -> ElfObject:
    """A shared object for x86-64 with these needs."""
    fields: dict[str, object] = {"bits": 64, "machine": X86_64, "needed": needed, "is_dynamic": True, **more}
    return ElfObject(is_little_endian=True, type=3, **fields)  # type: ignore[arg-type] # by name


@dataclass
class FilesOf:
    """A view of objects by real path, and of links (one for a whole path, its target's real path)."""

    objects: Mapping[str, ElfObject | None]
    links: Mapping[str, str] = field(default_factory=dict)

    def find_file(self, folder: str, name: str) -> str | None:
        """The file; None is an object that is none."""
        path = self._real(f"{self._real(folder)}/{name}")
        return path if path in self.objects else None

    def find_folder(self, folder: str) -> str | None:
        """The folder, which is there where something lies in it."""
        real = self._real(folder)
        return real if any(path.startswith(f"{real}/") for path in self.objects) or not real else None

    def find_object(self, path: str) -> ElfObject | None:
        """The object."""
        return self.objects.get(path)

    def _real(self, path: str) -> str:
        plain = normpath(f"/{path}").lstrip("/")
        return self.links.get(plain, plain)


def replay(
    files: FilesOf, path: str, settings: LoaderSettings = GLIBC, *, injected: Sequence[str] = ()
) -> ProcessReplay:
    """A process in which the program at a path was started."""
    elf = files.find_object(path)
    assert elf is not None
    is_musl = settings.kind is LoaderKind.MUSL
    search = FolderSearch(files, bits=elf.bits, machine=elf.machine, hwcaps=settings.hwcaps, takes_any=is_musl)
    kind = MuslReplay if is_musl else GlibcReplay
    process = kind(settings, search, is_injected=lambda name: name in injected)
    process.start(path, elf)
    return process


def edges(process: ProcessReplay) -> list[tuple[str, str | None, str]]:
    """Every need of every object in the order of loading: name, real path, step."""
    return [(edge.needed, edge.path, str(edge.step)) for item in process.objects for edge in item.edges]


def write_ld_cache(
    entries: Sequence[tuple[str, str, int, str]], *, is_prefixed: bool = False, legacy: Sequence[str] = ()
) -> bytes:
    """A cache of (name, path, flags, hwcaps subdirectory), as ldconfig of glibc 2.33 and later writes it.

    `is_prefixed` puts the table of glibc 2.1 in front; `legacy` names paths with a hardware bit of former times.
    """
    names = sorted({hwcaps for *_, hwcaps in entries if hwcaps})
    header_size, entry_size = 48, 24
    texts = bytearray()
    start = header_size + entry_size * len(entries)

    def place(text: str) -> int:
        texts.extend(text.encode() + b"\0")
        return start + len(texts) - len(text.encode()) - 1

    rows = b""
    for name, path, flags, hwcaps in entries:
        mask = (1 << 62) | names.index(hwcaps) if hwcaps else (1 << 3 if path in legacy else 0)
        rows += struct.pack("<iIIIQ", flags, place(name), place(path), 0, mask)
    offsets = [place(name) for name in names]
    texts.extend(bytes(-(start + len(texts)) % 4))
    extension = start + len(texts)
    tail = struct.pack("<II", 0xEAA42174, 1) + struct.pack("<IIII", 1, 0, extension + 24, 4 * len(offsets))
    tail += b"".join(struct.pack("<I", offset) for offset in offsets)
    header = struct.pack("<20sIIB3xI12x", MAGIC, len(entries), len(texts), 2, extension)
    content = header + rows + bytes(texts) + tail
    if not is_prefixed:
        return content
    old = OLD_MAGIC + struct.pack("<I", 1) + struct.pack("<iII", 3, 0, 0)
    return old + bytes(-len(old) % 8) + content
