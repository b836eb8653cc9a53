"""PolicyPlaces: the lines of the project's files that say what images are checked, and what is demanded of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from layerscope.diff.risk_kinds import RiskKind
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.limits.forbidden_changes import ForbiddenChanges
from layerscope.gate.limits.gpu_verdict import LeastGpuVerdict
from layerscope.gate.setting import Origin, Setting

_ASKED: Mapping[str, tuple[str, ...]] = {LeastGpuVerdict.key: ("gpus", "driver", "fleet")}
"""Keys that say what is asked where a limit itself is left as it is."""


@dataclass(frozen=True)
class FileLine:
    """A line of a file by the file's path in its repository, and the columns after the line's end."""

    path: str
    line: int
    end_column: int = 1


@dataclass(frozen=True)
class PolicyPlaces:
    """The settings file by its path and text, the lines of its keys, and what comes from where."""

    path: str = ""
    text: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)
    """By key as settings have it, without what leads to the table in a `pyproject.toml`."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    choices: Mapping[str, ImageChoice] = field(default_factory=dict)
    files: Mapping[str, FileLine] = field(default_factory=dict)
    """By image, the line of the compose file or Dockerfile that it comes from."""
    dockerfiles: Mapping[str, str] = field(default_factory=dict)
    """By image, its Dockerfile; one that no image is built from goes by its own name."""

    def find_key(self, key: str) -> FileLine | None:
        """The line of a key, else of what it is a part of."""
        while key and key not in self.lines:
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        if not key:
            return None
        number = self.lines[key]
        return FileLine(self.path, number, len(self.text.split("\n")[number - 1].rstrip("\r")) + 1)

    def find_limit(self, image: str, limit: str) -> FileLine | None:
        """The line that demands what an image breaks; where no file says it, the one that names the image."""
        key = ForbiddenChanges.key if limit in {kind.value for kind in RiskKind} else limit
        choice = self.choices.get(image)
        if choice is not None and key in choice.own:
            return self.find_key(choice.own[key].key)
        said = (self.settings.get(each) for each in (key, *_ASKED.get(key, ())))
        found = next((each for each in said if each is not None and each.origin is Origin.FILE), None)
        return self.find_image(image) if found is None else self.find_key(found.key)

    def find_image(self, image: str) -> FileLine | None:
        """The line of the compose file that names an image, else that of the settings file, else its Dockerfile."""
        choice = self.choices.get(image)
        if choice is None:
            return None
        own = self.files.get(image)
        if own is not None and choice.dockerfile is None:
            return own
        return self.find_key(choice.said_at) or own
