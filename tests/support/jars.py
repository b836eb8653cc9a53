"""Java archives as tests want them."""

import io
import zipfile
from collections.abc import Mapping

TIME = (1980, 1, 1, 0, 0, 0)


def class_file(java: int) -> bytes:
    """The head of a class file for a Java release."""
    return b"\xca\xfe\xba\xbe\0\0" + (java + 44).to_bytes(2, "big") + b"\0" * 8


def jar(members: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, TIME)
            info.compress_type = compression
            archive.writestr(info, content)
    return target.getvalue()


def library(group: str, artifact: str, version: str, *, java: int = 8) -> bytes:
    """An archive as Maven builds it, with its coordinates and a class."""
    properties = f"#Created by Apache Maven\nversion={version}\ngroupId={group}\nartifactId={artifact}\n".encode()
    return jar({f"META-INF/maven/{group}/{artifact}/pom.properties": properties, "a/A.class": class_file(java)})


def application(main: str, *, java: int, nested: Mapping[str, bytes] | None = None, start: str = "") -> bytes:
    """An archive that `java -jar` starts; with `start` it is one of Spring Boot's."""
    manifest = f"Manifest-Version: 1.0\r\nMain-Class: {main}\r\n"
    members = {f"{main.replace('.', '/')}.class": class_file(java)}
    if start:
        manifest += f"Start-Class: {start}\r\n"
        members[f"BOOT-INF/classes/{start.replace('.', '/')}.class"] = class_file(java)
        members[f"{main.replace('.', '/')}.class"] = class_file(8)
    return jar({"META-INF/MANIFEST.MF": manifest.encode(), **members, **(nested or {})})
