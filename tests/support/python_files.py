"""Pythons, environments and distributions as tar members: as small as they can be and still be recognised."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence

from support.tar_member import TarMember, directory, file, symlink

ELF = b"\x7fELF"
SITE = "usr/local/lib/python3.11/site-packages"
SOABI = "cpython-311-x86_64-linux-gnu"


def interpreter(
    prefix: str = "usr/local", series: str = "3.11", *, flags: str = "", libc: str = "gnu", version: str = ""
) -> list[TarMember]:
    """An interpreter with its standard library, one extension module, and its site directory."""
    name, tag = f"python{series}{flags}", f"cpython-{series.replace('.', '')}{flags}-x86_64-linux-{libc}"
    members = [
        file(f"{prefix}/bin/{name}", ELF, mode=0o755),
        symlink(f"{prefix}/bin/python3", name),
        symlink(f"{prefix}/bin/python", "python3"),
        file(f"{prefix}/lib/{name}/os.py", b""),
        file(f"{prefix}/lib/{name}/lib-dynload/_bz2.{tag}.so", ELF),
        directory(f"{prefix}/lib/{name}/site-packages"),
    ]
    if version:
        members.append(file(f"{prefix}/include/{name}/patchlevel.h", f'#define PY_VERSION      "{version}"\n'.encode()))
    return members


def virtual_environment(
    prefix: str = "opt/venv", *, home: str = "/usr/local/bin", series: str = "3.11", sees_system: bool = False
) -> list[TarMember]:
    """What `python -m venv` makes."""
    config = f"home = {home}\ninclude-system-site-packages = {str(sees_system).lower()}\nversion = {series}.9\n"
    return [
        file(f"{prefix}/pyvenv.cfg", config.encode()),
        symlink(f"{prefix}/bin/python", "python3"),
        symlink(f"{prefix}/bin/python3", f"{home}/python{series}"),
        directory(f"{prefix}/lib/python{series}/site-packages"),
    ]


def distribution(
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, bytes] | None = None,
    site: str = SITE,
    tags: Sequence[str] = ("py3-none-any",),
    metadata: str = "",
    installer: str = "pip",
) -> list[TarMember]:
    """A distribution with these files, as an installer leaves it: METADATA, WHEEL, INSTALLER and RECORD included."""
    folder = f"{name.replace('-', '_')}-{version}.dist-info"
    content = {
        **({f"{name.replace('-', '_')}.py": b""} if files is None else files),
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n\n".encode(),
        f"{folder}/WHEEL": "".join(["Wheel-Version: 1.0\n", *(f"Tag: {tag}\n" for tag in tags)]).encode(),
        f"{folder}/INSTALLER": f"{installer}\n".encode(),
    }
    rows = [f"{path},{hash_row(text)},{len(text)}\n" for path, text in content.items()]
    record = "".join([*rows, f"{folder}/RECORD,,\n"]).encode()
    return [file(f"{site}/{path}", text) for path, text in {**content, f"{folder}/RECORD": record}.items()]


def hash_row(content: bytes) -> str:
    """The SHA-256 of a content as RECORD writes it."""
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
