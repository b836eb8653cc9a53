"""Images in containerd's content store, read in place: blobs by digest, as they were pulled, built or loaded.

https://github.com/containerd/containerd/blob/v1.7.24/docs/content-flow.md
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from layerscope.errors import SourceError
from layerscope.image.descriptor import Descriptor
from layerscope.image.digest import Digest
from layerscope.image.image import Image
from layerscope.image.manifest import parse_document
from layerscope.image.validate import check_digest
from layerscope.sources.contents import blob_name, read_document
from layerscope.sources.layout import DirectoryContents
from layerscope.sources.oci_image import open_described_image
from layerscope.sources.request import ImageRequest

ROOT_VARIABLE: Final = "LAYERSCOPE_CONTAINERD_ROOT"
"""Names containerd's root folder where it is none of the usual ones."""
CONFIG_FILE: Final = Path("/etc/containerd/config.toml")
DEFAULT_ROOT: Final = Path("/var/lib/containerd")
STORE: Final = "io.containerd.content.v1.content"


@dataclass(frozen=True, slots=True)
class StoreContents(DirectoryContents):
    """A content store, named in errors after the image that is looked for in it."""

    label: str = ""

    @property
    def where(self) -> str:
        """The image and the store."""
        return self.label


def find_content_root(engine_root: Path, image_id: Digest, environment: Mapping[str, str]) -> Path:
    """Return the root folder of the containerd that holds a blob; raises SourceError, which lists where it is not."""
    tried: list[str] = []
    for root in _candidate_roots(engine_root, environment):
        try:
            if DirectoryContents(str(root / STORE)).find(blob_name(image_id)) is not None:
                return root
            tried.append(str(root))
        except SourceError as error:
            tried.append(str(error))
    raise SourceError(
        f"no containerd root on this host holds {image_id} (tried {', '.join(tried)}; {ROOT_VARIABLE} names another)"
    )


def open_content_image(root: Path, image_id: Digest, request: ImageRequest, *, source: str) -> Image:
    """Return the image whose manifest or index has that digest; raises ImageError, SourceError."""
    contents = StoreContents(str(root / STORE), label=f"{request.reference} in {root / STORE}")
    content = read_document(contents, blob_name(image_id))
    descriptor = describe_document(content, image_id, where=f"{contents.where}: {image_id}")
    return open_described_image(contents, [descriptor], request, source=source)


def describe_document(content: bytes, digest: Digest, *, where: str) -> Descriptor:
    """Return the descriptor of a manifest or index whose digest alone is known, verified; raises ImageError."""
    check_digest(content, digest, where=where)
    return Descriptor(parse_document(content, where=where).media_type, digest, len(content))


def _candidate_roots(engine_root: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Yield folders that may be containerd's root: the user's word, the engine's own containerd, the host's."""
    named = environment.get(ROOT_VARIABLE)
    if named:
        yield Path(named)
        return
    yield engine_root / "containerd" / "daemon"
    yield from _configured_root()
    yield DEFAULT_ROOT


def _configured_root() -> Iterator[Path]:
    """Yield the root that the host's containerd is configured with, if it has a configuration that says."""
    try:
        document = tomllib.loads(CONFIG_FILE.read_text("utf-8"))
    except (OSError, ValueError):
        return
    root = document.get("root")
    if isinstance(root, str) and root:
        yield Path(root)
