"""Suppression: a finding that a project lives with, for a reason, and maybe until a day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from layerscope.audit.result import INTEGRITY_CODES
from layerscope.errors import SettingsError
from layerscope.filesystem.globs import PathFilter
from layerscope.gate.rule_levels import read_code
from layerscope.gate.setting import Setting
from layerscope.rules.finding import Finding
from layerscope.rules.registry import FAMILIES

_KEYS: Final = ("rule", "path", "image", "reason", "expires")


@dataclass(frozen=True)
class Suppression:
    """What is suppressed: a rule by code, or a family by prefix; where, in which images, why, and until when."""

    rule: str
    reason: str
    path: str = ""
    image: str = ""
    expires: date | None = None
    place: str = ""
    """Where it stands, as `check.suppress[0]`."""

    @classmethod
    def read(cls, setting: Setting) -> "Suppression":
        """The suppression that a table says; raises SettingsError."""
        setting.refuse_unknown(_KEYS)
        table = setting.read_table()
        for key in ("rule", "reason"):
            if key not in table:
                raise SettingsError(f"{setting.where}: expected a {key}")
        texts = {key: setting.below(key, table[key]).read_text() for key in _KEYS[:-1] if key in table}
        rule = texts["rule"] if texts["rule"] in FAMILIES else read_code(texts["rule"], setting.below("rule", ""))
        if rule in INTEGRITY_CODES:
            raise SettingsError(f"{setting.where}: {rule} says that an image is damaged, which cannot be suppressed")
        expires = _read_day(setting.below("expires", table["expires"])) if "expires" in table else None
        return cls(rule, texts["reason"], texts.get("path", ""), texts.get("image", ""), expires, setting.key)

    def is_expired(self, today: date) -> bool:
        """Whether the day is over; on the day itself it holds."""
        return self.expires is not None and today > self.expires

    def is_about(self, names: Iterable[str]) -> bool:
        """Whether it is about the image of which these are the names."""
        return not self.image or any(map(PathFilter.of((self.image,)).matches, names))

    def covers(self, finding: Finding, names: Iterable[str]) -> bool:
        """Whether it is about that finding of the image: with a path, about one that lies at such paths alone."""
        if self.rule not in {finding.code, finding.code.rstrip("0123456789")} or finding.code in INTEGRITY_CODES:
            return False
        if not self.is_about(names):
            return False
        if not self.path:
            return True
        paths = [place.path for place in finding.locations]
        wanted = PathFilter.of((self.path,))
        return all(path is not None and wanted.matches(path) for path in paths)

    def __str__(self) -> str:
        where = "".join(
            f" {told}" for told in (self.path and f"at {self.path}", self.image and f"of {self.image}") if told
        )
        return f"{self.rule}{where}"


def _read_day(setting: Setting) -> date:
    """The day of a date of TOML, or of one in quotes."""
    value = setting.value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise setting.refuse("a date, such as 2026-12-31")
