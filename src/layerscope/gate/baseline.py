"""Baseline: findings that were there when a project began to check, so that only new ones, and graver ones, fail.

The file is JSON with one line for each finding, sorted, so that a change of it reads well in a version control system.
It knows an image by its name without tag, which is another one with every build, or by its path from the file's folder.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from layerscope.errors import SettingsError, UnreadableBaselineError
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity

VERSION: Final = 2
"""Version 1 knew several images by one name, and no severities."""
MAX_SIZE: Final = 16 << 20
"""Bytes of the file: some 100,000 findings."""

_KEYS: Final = (b'"version"', b'"images"')
_SEVERITIES: Final = {str(severity): severity for severity in Severity}


@dataclass(frozen=True)
class Accepted:
    """A finding that was accepted: the words by which a person knows it, and how grave it was."""

    words: str
    severity: Severity
    wasted: int = 0

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is no graver; no more wasted bytes only are a greater part of a smaller image."""
        return finding.severity <= self.severity or 0 < finding.wasted <= self.wasted

    def render(self) -> str:
        """One line of JSON."""
        wasted = {"wasted": self.wasted} if self.wasted else {}
        return json.dumps({"finding": self.words, "severity": str(self.severity), **wasted})


Known = Mapping[str, Mapping[str, Accepted]]


@dataclass(frozen=True)
class Baseline:
    """By image, as `Identity.name_repository` names it, what is accepted, by fingerprint."""

    findings: Known = field(default_factory=dict)

    def find(self, image: str, fingerprint: str) -> Accepted | None:
        """What was accepted of an image under that fingerprint."""
        return self.findings.get(image, {}).get(fingerprint)

    def update(self, found: Known) -> "Baseline":
        """The baseline with what was found in some images in place of what it knew of them; of others, all is kept."""
        kept = {image: known for image, known in self.findings.items() if image not in found}
        return Baseline({image: known for image, known in sorted({**kept, **found}.items()) if known})

    def render(self) -> str:
        """The text of the file."""
        images = ",\n".join(_render_image(image, known) for image, known in sorted(self.findings.items()))
        images = f"{{\n{images}\n  }}" if images else "{}"
        return f'{{\n  "version": {VERSION},\n  "images": {images}\n}}\n'


def _render_image(image: str, known: Mapping[str, Accepted]) -> str:
    ordered = sorted(known.items(), key=lambda item: (item[1].words, item[0]))
    lines = ",\n".join(f"      {json.dumps(fingerprint)}: {each.render()}" for fingerprint, each in ordered)
    return f"    {json.dumps(image)}: {{\n{lines}\n    }}"


def keep_worse(one: Mapping[str, Accepted], other: Mapping[str, Accepted]) -> dict[str, Accepted]:
    """What is accepted in either of two, as grave as in the worse: of one image for several platforms."""
    both = {key: max(one[key], other[key], key=lambda each: (each.severity, each.wasted)) for key in one.keys() & other}
    return {**one, **other, **both}


def read_baseline(path: Path) -> Baseline | None:
    """The baseline of a file, None where there is no file; raises SettingsError for one that is none.

    That is an UnreadableBaselineError for one that was a baseline once, which can be written anew.
    """
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
    if content.strip() and not all(key in content for key in _KEYS):
        raise SettingsError(f"{trouble}: it is another file, expected one that --update-baseline wrote")
    return _parse(content, trouble)


def _parse(content: bytes, trouble: str) -> Baseline:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableBaselineError(f"{trouble}: expected JSON: {error}") from error
    version = document.get("version") if isinstance(document, dict) else None
    if version == 1:
        raise UnreadableBaselineError(
            f"{trouble}: it is of version 1, which knew several images by one name and no severities"
        )
    if version != VERSION:
        raise UnreadableBaselineError(f'{trouble}: expected "version": {VERSION}')
    images = document.get("images")
    if not isinstance(images, dict) or not all(isinstance(known, dict) for known in images.values()):
        raise UnreadableBaselineError(f"{trouble}: expected images with fingerprints")
    return Baseline(
        {
            image: {fingerprint: _read_accepted(raw, f"{trouble}: {fingerprint}") for fingerprint, raw in known}
            for image, known in ((image, known.items()) for image, known in images.items())
        }
    )


def _read_accepted(raw: object, trouble: str) -> Accepted:
    fields = raw if isinstance(raw, dict) else {}
    words, severity, wasted = fields.get("finding"), fields.get("severity"), fields.get("wasted", 0)
    if not isinstance(words, str) or severity not in _SEVERITIES or type(wasted) is not int:
        raise UnreadableBaselineError(f"{trouble}: expected a finding with its severity")
    return Accepted(words, _SEVERITIES[str(severity)], wasted)
