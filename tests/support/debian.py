"""dpkg's database in a layer, as tests want it."""

from support.tar_member import TarMember, file

WHOLE = "install ok installed"


def paragraph(name: str, version: str = "1.0", *, status: str = WHOLE, source: str = "") -> str:
    """One package of the status file."""
    lines = [f"Package: {name}", f"Status: {status}" if status else "", "Architecture: amd64", f"Version: {version}"]
    lines.append(f"Source: {source}" if source else "")
    return "\n".join(line for line in lines if line) + "\n"


def status_file(*paragraphs: str) -> TarMember:
    """The status file."""
    return file("var/lib/dpkg/status", "\n".join(paragraphs).encode())


def list_file(name: str, *paths: str) -> TarMember:
    """The file list of a package."""
    return file(f"var/lib/dpkg/info/{name}.list", "".join(f"/{path}\n" for path in paths).encode())
