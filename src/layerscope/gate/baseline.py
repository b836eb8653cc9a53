"""Baseline: findings that were there when a project began to check, so that only new ones fail.

The file is JSON with one line for each finding, sorted, so that a change of it reads well in a version control system.
It knows an image by its name without tag, which is another one with every build.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layerscope.errors import ReferenceSyntaxError, SettingsError
from layerscope.image.reference import Reference

VERSION: Final = 1
MAX_SIZE: Final = 16 << 20
"""Bytes of the file: some 100,000 findings."""

Known = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Baseline:
    """By image, without tag, the fingerprints that are known, each with the words by which a person knows it."""

    findings: Known = field(default_factory=dict)

    def knows(self, image: str, fingerprint: str) -> bool:
        """Whether a finding of an image was there before."""
        return fingerprint in self.findings.get(name_repository(image), {})

    def update(self, found: Known) -> "Baseline":
        """The baseline with what was found in some images in place of what it knew of them; of others, all is kept."""
        kept = {image: known for image, known in self.findings.items() if image not in found}
        return Baseline({image: known for image, known in sorted({**kept, **found}.items()) if known})

    def render(self) -> str:
        """The text of the file."""
        ordered = {
            image: dict(sorted(known.items(), key=lambda item: (item[1], item[0])))
            for image, known in sorted(self.findings.items())
        }
        return json.dumps({"version": VERSION, "images": ordered}, indent=2, ensure_ascii=True) + "\n"


def name_repository(image: str) -> str:
    """An image's name without tag and digest; what is no reference stays as it is."""
    try:
        reference = Reference.parse(image)
    except ReferenceSyntaxError:
        return image
    return Reference(reference.registry, reference.repository).familiar


def read_baseline(path: Path) -> Baseline | None:
    """The baseline of a file, None where there is no file; raises SettingsError for one that is none."""
    trouble = f"reading the baseline {str(path)!r}"
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SettingsError(f"{trouble}: {error.strerror}") from error
    if len(content) > MAX_SIZE:
        raise SettingsError(f"{trouble}: more than {MAX_SIZE:,} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{trouble}: expected JSON, written by --update-baseline: {error}") from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise SettingsError(f'{trouble}: expected "version": {VERSION}; --update-baseline writes it anew')
    images = document.get("images")
    if not isinstance(images, dict) or not all(map(_is_texts, images.values())):
        raise SettingsError(f"{trouble}: expected images with fingerprints and words; --update-baseline writes it anew")
    return Baseline(images)


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
