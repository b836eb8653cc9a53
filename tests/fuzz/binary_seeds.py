"""Seeds for the formats that are binary, each written by a few lines of its own."""

import io
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from layerscope.formats.cubin import EM_CUDA
from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from support.elf_writer import ElfPlan, HashTables, Layout, write_elf
from support.fatbinary_writer import ptx, sass, write_container

_NDB_PAGE: Final = 4096
_BDB_PAGE: Final = 512


def write_elves() -> tuple[bytes, ...]:
    """Small objects of every class and byte order."""
    plan = ElfPlan(
        soname="libx.so.1",
        needed=("libc.so.6", "libm.so.6"),
        runpath="$ORIGIN/../lib",
        interpreter="/lib/ld.so",
        required_versions=(NeededVersion("libc.so.6", "GLIBC_2.34"), NeededVersion("libm.so.6", "GLIBC_2.29")),
        provided_versions=("X_1", "X_2"),
        undefined=(UndefinedSymbol("pow", "GLIBC_2.29"), UndefinedSymbol("free"), UndefinedSymbol("w", is_weak=True)),
        exports=("first", "second", "third"),
    )
    fatbinary = {".nv_fatbin": write_fatbinaries()[0]}
    return (
        write_elf(plan),
        write_elf(replace(plan, bits=32, hash_tables=HashTables.SYSV)),
        write_elf(replace(plan, is_little_endian=False, layout=Layout.END, build_id="ab" * 20, isa_needed=7)),
        write_elf(replace(plan, minimum_kernel="3.2.0", hash_tables=HashTables.BOTH, sections=fatbinary)),
    )


def write_fatbinaries() -> tuple[bytes, ...]:
    """Containers of SASS and PTX."""
    container = write_container([sass(75), sass(90, "a", size=8), ptx(90, (8, 4), size=16)])
    return (container, container + bytes(8) + write_container([sass(100, "f"), ptx(120)]))


def write_ld_caches() -> tuple[bytes, ...]:
    """A cache with an extension that names one subdirectory of glibc-hwcaps, alone and behind the older format."""
    texts = b"libc.so.6\0/lib/libc.so.6\0/lib/glibc-hwcaps/x86-64-v3/libc.so.6\0x86-64-v3\0"
    start = 48 + 2 * 24
    extension = start + len(texts) + -(start + len(texts)) % 4
    plain = struct.pack("<iIIIQ", 0x0303, start, start + 10, 0, 0)
    fast = struct.pack("<iIIIQ", 0x0303, start, start + 25, 0, 1 << 62)
    head = b"glibc-ld.so.cache1.1" + struct.pack("<IIB3xI12x", 2, len(texts), 2, extension)
    names = struct.pack("<II", 0xEAA42174, 1) + struct.pack("<IIII", 1, 0, extension + 24, 4)
    content = (head + fast + plain + texts).ljust(extension, b"\0") + names
    content += struct.pack("<I", start + texts.index(b"x86-64-v3\0", 60))
    old = b"ld.so-1.7.0\0" + struct.pack("<I", 1) + struct.pack("<iII", 3, 0, 0)
    return (content, old.ljust(32, b"\0") + content)


def write_ld_so() -> tuple[bytes, ...]:
    """What parts of a loader hold."""
    return (b"\0lib/x86_64-linux-gnu\0x\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0",)


def write_rpm_headers() -> tuple[bytes, ...]:
    """One package with a folder and two files."""
    tags: tuple[tuple[int, int, int, bytes], ...] = (
        (1000, 6, 1, b"bash\0"),
        (1001, 6, 1, b"5.1\0"),
        (1002, 6, 1, b"2.el9\0"),
        (1003, 4, 1, struct.pack(">I", 1)),
        (1022, 6, 1, b"x86_64\0"),
        (1030, 3, 2, struct.pack(">HH", 0o100755, 0o040755)),
        (1035, 8, 2, b"ab" * 32 + b"\0\0"),
        (1049, 8, 1, b"libc.so.6()(64bit)\0"),
        (1116, 4, 2, struct.pack(">II", 0, 1)),
        (1117, 8, 2, b"bash\0doc\0"),
        (1118, 8, 2, b"/usr/bin/\0/usr/share/\0"),
        (5011, 4, 1, struct.pack(">I", 8)),
    )
    index, data = b"", b""
    for tag, kind, count, value in tags:
        data += bytes(-len(data) % {3: 2, 4: 4}.get(kind, 1))
        index += struct.pack(">IIiI", tag, kind, len(data), count)
        data += value
    return (struct.pack(">II", len(tags), len(data)) + index + data,)


def write_sqlite() -> tuple[bytes, ...]:
    """The table of rpm's packages, with pages so small that a header overflows."""
    (header,) = write_rpm_headers()
    database = sqlite3.connect(":memory:")
    try:
        database.execute("PRAGMA page_size = 512")
        database.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,), (header + bytes(600),)])
        database.commit()
        return (database.serialize(),)
    finally:
        database.close()


def write_ndb() -> tuple[bytes, ...]:
    """One page of slots, one of them used, and its blob."""
    (header,) = write_rpm_headers()
    blob = struct.pack("<4sIII", b"BlbS", 1, 1, len(header)) + header
    blob += bytes(-len(blob) % 16)
    slot = struct.pack("<4sIII", b"Slot", 1, _NDB_PAGE // 16, len(blob) // 16)
    page = struct.pack("<4sIIII", b"RpmP", 0, 1, 1, 2).ljust(32, b"\0") + slot
    page += struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((_NDB_PAGE - len(page)) // 16)
    return (page + blob,)


def write_bdb() -> tuple[bytes, ...]:
    """A hash table of one record, whose value lies on overflow pages."""
    (header,) = write_rpm_headers()
    meta = struct.pack("<8sIIIIBBBB", b"", 0, 0x061561, 9, _BDB_PAGE, 0, 8, 0, 0).ljust(_BDB_PAGE, b"\0")
    key, value = b"\x01" + struct.pack("<I", 1), struct.pack("<B3xII", 3, 2, len(header))
    places = (_BDB_PAGE - len(key), _BDB_PAGE - len(key) - len(value))
    table = struct.pack("<8sIIIHHBB", b"", 1, 0, 0, 2, places[1], 0, 13) + struct.pack("<HH", *places)
    table = table.ljust(places[1], b"\0") + value + key
    room = _BDB_PAGE - 26
    pieces = [header[start : start + room] for start in range(0, len(header), room)]
    chain = b"".join(
        struct.pack("<8sIIIHHBB", b"", 2 + n, 0, 3 + n if n + 1 < len(pieces) else 0, 1, len(piece), 0, 7)
        + piece.ljust(room, b"\0")
        for n, piece in enumerate(pieces)
    )
    return (meta + table + chain,)


def write_jars() -> tuple[bytes, ...]:
    """A jar with its coordinates and a class, a class alone, and a manifest alone."""
    content, klass = io.BytesIO(), b"\xca\xfe\xba\xbe\0\0\0\x3d"
    manifest = (
        b"Manifest-Version: 1.0\r\nImplementation-Title: a\r\nImplementation-Version: 1\r\n .2\r\n\r\nName: b\r\n"
    )
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as jar:
        jar.writestr("META-INF/MANIFEST.MF", manifest)
        jar.writestr("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1.0\n")
        jar.writestr("a/B.class", klass)
        jar.writestr(zipfile.ZipInfo("lib/inner.jar"), b"PK\5\6" + bytes(18))
    return (content.getvalue(), klass, manifest)


BINARY_SEEDS: Final[dict[str, Callable[[], tuple[bytes, ...]]]] = {
    "cubin": lambda: (write_elf(ElfPlan(machine=EM_CUDA)), write_elf(ElfPlan(bits=32, machine=EM_CUDA))),
    "elf_header": write_elves,
    "elf_reader": write_elves,
    "fatbinary": write_fatbinaries,
    "jar_file": write_jars,
    "ld_cache": write_ld_caches,
    "ld_so": write_ld_so,
    "rpm_bdb": write_bdb,
    "rpm_database": lambda: (*write_sqlite(), *write_ndb(), *write_bdb()),
    "rpm_header": write_rpm_headers,
    "rpm_ndb": write_ndb,
    "rpm_sqlite": write_sqlite,
    "zip_directory": lambda: write_jars()[:1],
}
