"""An image, its Dockerfile, and what a build of the edited Dockerfile makes of it."""

from pathlib import Path
from typing import Final

from layerscope.audit.build_fix import BuildFix, choose_build_fix
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.fixes.dockerfile.proposal import propose_edits
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.layers.cache import LayerCache
from layerscope.sources.layout import LayoutSource
from support.compression import Packing
from support.images import load_recipe, write_image

DOCKERFILE: Final = """\
FROM base
# what it needs
RUN pip install numpy
COPY weights/ /opt/weights/
RUN chown -R 1000:1000 /opt/weights
CMD ["/bin/sh"]
"""

_HEAD: Final = """\
purpose = "An image before and after a fix."
tag = "fixtures/twice:1.0"
created = 2026-03-02T10:09:00Z

[config]
cmd = ["/bin/sh"]

[[steps]]
created = 2026-03-02T10:00:00Z
created_by = "ADD rootfs.tar / # buildkit"
entries = [{ dir = "bin" }, { file = "bin/sh", mode = 0o755, elf = { executable = true } }]
"""
CACHE: Final = '{ file = "root/.cache/pip/http/{n:02}/body", count = 10, size = 200000, pattern = "wheel {n} " }'
PACKAGE: Final = '{ file = "srv/numpy.py", size = 1000, pattern = "numpy " }'
WEIGHTS: Final = '{ file = "opt/weights/shard-{n}.bin", count = 4, size = 2000000, pattern = "weights {n} ", uid = %d }'

WASTEFUL: Final = (
    ("RUN /bin/sh -c pip install numpy # buildkit", f"{PACKAGE}, {CACHE}"),
    ("COPY weights/ /opt/weights/ # buildkit", WEIGHTS % 0),
    ("RUN /bin/sh -c chown -R 1000:1000 /opt/weights # buildkit", WEIGHTS % 1000),
)
FIXED: Final = (
    ("RUN /bin/sh -c pip install --no-cache-dir numpy # buildkit", PACKAGE),
    ("COPY --chown=1000:1000 weights/ /opt/weights/ # buildkit", WEIGHTS % 1000),
)


def audit(
    folder: Path, steps: tuple[tuple[str, str], ...], *, config: str = "", months: tuple[str, str] = ("03", "03")
) -> AuditResult:
    """The audit of an image with these steps."""
    write_recipe(folder, steps, config=config, months=months)
    write_image(load_recipe(folder).build(), folder / "image", "oci-dir", packing=Packing.NONE)
    options = AuditOptions(LayerCache(folder / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return audit_image(LayoutSource(str(folder / "image")), options=options)


def write_recipe(
    folder: Path, steps: tuple[tuple[str, str], ...], *, config: str = "", months: tuple[str, str] = ("03", "03")
) -> None:
    """The recipe of an image with these steps and their entries above a shell; the last may be of another month."""
    text = _HEAD.replace("[config]", f"[config]\n{config}")
    for minute, (instruction, entries) in enumerate(steps, start=1):
        month = months[minute == len(steps)]
        text += f'\n[[steps]]\ncreated = 2026-{month}-02T10:0{minute}:00Z\ncreated_by = "{instruction}"\n'
        text += f"entries = [{entries}]\n"
    folder.mkdir()
    (folder / "image.toml").write_text(text)


def choose(before: AuditResult, dockerfile: str = DOCKERFILE, *, reviewed: bool = True) -> BuildFix:
    """What is changed in the Dockerfile for all that was found."""
    matched = match_dockerfile(parse_dockerfile(dockerfile.encode()), before.steps)
    proposal = propose_edits(before.findings, before.facts, matched, is_safe=not reviewed)
    return choose_build_fix(proposal, before.findings, reviewed=reviewed, target="")
