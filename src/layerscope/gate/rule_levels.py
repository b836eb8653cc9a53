"""RuleLevels: from which severity on a finding fails the check, by rule, by family, and for all others."""

from dataclasses import dataclass, field
from typing import Final

from layerscope.audit.result import INTEGRITY_CODES
from layerscope.errors import SettingsError
from layerscope.gate.setting import Setting, tell_nearest
from layerscope.rules.finding import Finding
from layerscope.rules.registry import FAMILIES, RULES, find_rule
from layerscope.rules.severity import Severity

IGNORE: Final = "ignore"
"""Not told, but counted."""
WARN: Final = "warn"
"""Told, and the check does not fail."""
FAIL: Final = "fail"
"""Fails at any severity."""
NEVER: Final = "never"
"""What `fail-on` says where no severity fails."""

_SEVERITIES: Final = tuple(str(severity) for severity in reversed(Severity))
LEVELS: Final = (IGNORE, WARN, FAIL, *_SEVERITIES)


@dataclass(frozen=True)
class RuleLevels:
    """The level of each rule by code, of each family by prefix, and the severity for what has none."""

    fail_on: Severity | None = Severity.HIGH
    rules: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, fail_on: Setting, rules: Setting) -> "RuleLevels":
        """The levels that two settings say; raises SettingsError, with the nearest name of a rule."""
        by_rule: dict[str, str] = {}
        said: dict[str, str] = {}
        by_family: dict[str, str] = {}
        for handle, level in rules.read_table("a table of rules and levels").items():
            entry = rules.below(handle, level)
            if level not in LEVELS:
                raise entry.refuse(f"one of {', '.join(LEVELS)}")
            if handle in FAMILIES:
                by_family[handle] = str(level)
                continue
            code = read_code(handle, rules)
            if code in INTEGRITY_CODES:
                raise SettingsError(f"{entry.where}: {code} says that an image is damaged, which always fails")
            if code in said:
                raise SettingsError(f"{entry.where}: {code} is said already, as {said[code]!r}; expected it once")
            said[code] = handle
            by_rule[code] = str(level)
        return cls(read_severity(fail_on), by_rule, by_family)

    def find_level(self, finding: Finding) -> str | None:
        """The level of a finding: ignore, warn, fail, or None where it is below what is told."""
        if finding.code in INTEGRITY_CODES:
            return FAIL
        level = self.rules.get(finding.code) or self.families.get(finding.code.rstrip("0123456789"))
        if level in {IGNORE, WARN, FAIL}:
            return level
        threshold = Severity[level.upper()] if level else self.fail_on
        return FAIL if threshold is not None and finding.severity >= threshold else None


def read_severity(setting: Setting) -> Severity | None:
    """The severity that a setting says; None for `never`; raises SettingsError."""
    if setting.value not in (*_SEVERITIES, NEVER):
        raise setting.refuse(f"one of {', '.join((*_SEVERITIES, NEVER))}")
    return None if setting.value == NEVER else Severity[str(setting.value).upper()]


def read_code(handle: str, where: Setting) -> str:
    """The code of the rule that a code or name means; raises SettingsError with the nearest."""
    rule = find_rule(handle)
    if rule is not None:
        return rule.code
    names = [*FAMILIES, *(rule.name() for rule in RULES), *(rule.code for rule in RULES)]
    near = tell_nearest(handle, names)
    hint = near if near.startswith("did") else "`layerscope rules list` has them all"
    raise SettingsError(f"{where.where}: no rule or family is called {handle!r}; {hint}")
