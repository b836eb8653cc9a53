"""rpm's databases as tests want them: headers byte by byte, and the three files that hold them."""

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

Value = str | Sequence[str] | Sequence[int]

REGULAR = 0o100644
DIRECTORY = 0o040755


def header(**tags: Value) -> bytes:
    """A header blob; names are `t1000` and so on: a text, texts, or numbers of four bytes (modes: of two)."""
    index, data = [], b""
    for key, value in tags.items():
        tag = int(key[1:])
        if isinstance(value, str):
            kind, count, piece = 6, 1, value.encode() + b"\0"
        elif value and isinstance(value[0], str):
            kind, count, piece = 8, len(value), b"".join(str(each).encode() + b"\0" for each in value)
        else:
            kind, size = (3, ">H") if tag == 1030 else (1, ">B") if tag == 1029 else (4, ">I")
            data += b"\0" * (-len(data) % struct.calcsize(size))
            count, piece = len(value), b"".join(struct.pack(size, each) for each in value)
            kind = {">H": 3, ">B": 1, ">I": 4}[size]
        index.append(struct.pack(">IIiI", tag, kind, len(data), count))
        data += piece
    return struct.pack(">II", len(index), len(data)) + b"".join(index) + data


def package(name: str, version: str = "1.0", *, files: Sequence[str] = (), digests: Sequence[str] = ()) -> bytes:
    """The header of a package with these files, all regular and installed."""
    tags: dict[str, Value] = {"t1000": name, "t1001": version, "t1002": "1", "t1022": "x86_64"}
    tags["t1044"] = f"{name}-{version}-1.src.rpm"
    if files:
        folders = sorted({f"{path.rpartition('/')[0]}/" for path in files})
        tags["t1116"] = [folders.index(f"{path.rpartition('/')[0]}/") for path in files]
        tags["t1117"] = [path.rpartition("/")[2] for path in files]
        tags["t1118"] = folders
        tags["t1029"] = [0] * len(files)
        tags["t1030"] = [REGULAR] * len(files)
        tags["t1037"] = [0] * len(files)
    if digests:
        tags["t1035"] = list(digests)
        tags["t5011"] = [8]
    return header(**tags)


def write_sqlite(blobs: Iterable[bytes], folder: Path) -> bytes:
    """A database as rpm makes it with SQLite, by way of a file in a folder."""
    path = folder / "rpmdb.sqlite"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
    connection.execute("CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)")
    connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,) for blob in blobs])
    connection.commit()
    connection.close()
    return path.read_bytes()


def write_ndb(blobs: Iterable[bytes]) -> bytes:
    """A Packages.db of one page of slots."""
    slots, area, block = b"", b"", 4096 // 16
    for number, blob in enumerate(blobs, start=1):
        body = struct.pack("<4sIII", b"BlbS", number, 1, len(blob)) + blob
        body += b"\0" * (-(len(body) + 12) % 16) + struct.pack("<II4s", 0, len(blob), b"BlbE")
        slots += struct.pack("<4sIII", b"Slot", number, block, len(body) // 16)
        area += body
        block += len(body) // 16
    head = struct.pack("<4sIIII12x", b"RpmP", 0, 1, 1, 99)
    page = head + slots
    return page + struct.pack("<4sIII", b"Slot", 0, 0, 0) * ((4096 - len(page)) // 16) + area


def write_bdb(blobs: Iterable[bytes], *, order: str = "<", page_size: int = 512) -> bytes:
    """A Berkeley DB hash table with one hash page, whose values of more than 100 bytes lie on overflow pages."""
    items: list[bytes] = [struct.pack(f"{order}B4s", 1, b"\0\0\0\0"), struct.pack(f"{order}B4s", 1, b"\7\0\0\0")]
    overflow: list[bytes] = []
    room = page_size - 26
    for number, blob in enumerate(blobs, start=1):
        items.append(struct.pack(f"{order}BI", 1, number))
        if len(blob) <= 100:
            items.append(b"\1" + blob)
            continue
        items.append(struct.pack(f"{order}B3xII", 3, 2 + len(overflow), len(blob)))
        pieces = [blob[place : place + room] for place in range(0, len(blob), room)]
        for position, piece in enumerate(pieces):
            following = 3 + len(overflow) if position < len(pieces) - 1 else 0
            fields = (2 + len(overflow), following, 0, len(piece), 7)
            overflow.append(_page(order, fields, piece, page_size))
    places, body, place = [], b"", page_size
    for item in items:
        place -= len(item)
        places.append(place)
        body = item + body
    index = struct.pack(f"{order}{len(places)}H", *places)
    hash_page = _page(order, (1, 0, len(places), place, 13), index, page_size)
    hash_page = hash_page[:place] + body
    meta = struct.pack(f"{order}8sIIIIBBBBII", b"", 0, 0x61561, 9, page_size, 0, 8, 0, 0, 0, 1 + len(overflow))
    return meta.ljust(page_size, b"\0") + hash_page + b"".join(overflow)


def _page(order: str, fields: tuple[int, int, int, int, int], body: bytes, size: int) -> bytes:
    """One page with its header: number, next page, entries, bytes in use, type."""
    number, following, entries, used, kind = fields
    head = struct.pack(f"{order}8sIIIHHBB", b"", number, 0, following, entries, used, 0, kind)
    return (head + body).ljust(size, b"\0")
