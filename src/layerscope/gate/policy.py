"""Policy: everything that a project demands of its images, read from settings and checked before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from layerscope.errors import SettingsError
from layerscope.gate.amounts import read_seconds
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.limit import Limit
from layerscope.gate.limits import LIMITS
from layerscope.gate.rule_levels import FAIL, WARN, RuleLevels
from layerscope.gate.setting import Setting
from layerscope.gate.suppression import Suppression

BASELINE: Final = "layerscope-baseline.json"

DEFAULTS: Final[Mapping[str, object]] = {
    "images": None,
    "fail-on": "high",
    "rules": {},
    "suppress": [],
    "baseline": BASELINE,
    "against": None,
    "gpus": [],
    "driver": None,
    "fleet": None,
    "time-limit": "never",
    "unlisted-dockerfile": WARN,
    **{limit.key: limit.default for limit in LIMITS},
}
"""Every key of `[check]`, with what holds where nobody says it."""

Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Policy:
    """What is demanded of every image that has nothing of its own."""

    levels: RuleLevels
    limits: Mapping[str, Limit]
    suppressions: tuple[Suppression, ...] = ()
    against: str | None = None
    gpus: tuple[str, ...] = ()
    driver: str | None = None
    fleet: str | None = None
    time_limit: float | None = None
    """Seconds for all images together; None for as long as it takes."""
    fails_unlisted: bool = False
    """Whether a Dockerfile that no image of the policy is built from fails."""

    def specialise(self, choice: ImageChoice) -> "Policy":
        """The policy for one image; raises SettingsError for what it says of itself alone."""
        own = choice.own
        against = own["against"].read_text("the name of an image") if "against" in own else self.against
        return replace(self, against=against, limits={**self.limits, **_read_limits(own)})


def make_policy(settings: Settings) -> Policy:
    """The policy that the settings say; raises SettingsError for the first that is not as expected."""
    against = settings["against"]
    driver = settings["driver"]
    return Policy(
        levels=RuleLevels.read(settings["fail-on"], settings["rules"]),
        limits=_read_limits(settings),
        suppressions=tuple(
            Suppression.read(each) for each in settings["suppress"].read_tables("a list of tables: [[check.suppress]]")
        ),
        against=None if against.value is None else against.read_text("the name of an image"),
        gpus=settings["gpus"].read_texts("a list of GPUs, such as H100"),
        driver=None if driver.value is None else driver.read_text('a driver in quotes, such as "535"'),
        fleet=None if settings["fleet"].value is None else settings["fleet"].read_text("the path of a file"),
        time_limit=read_seconds(settings["time-limit"]),
        fails_unlisted=_read_choice(settings["unlisted-dockerfile"], (WARN, FAIL)) == FAIL,
    )


def check_references(policy: Policy, settings: Settings, choice: ImageChoice) -> None:
    """Raise SettingsError for a limit on a comparison of an image that nothing is compared with."""
    for limit in policy.limits.values():
        if limit.needs_reference and policy.against is None:
            setting = choice.own.get(limit.key) or settings[limit.key]
            raise SettingsError(
                f"{setting.where}: expected an image to compare {choice.name} with; name it by against (--against)"
            )


def _read_choice(setting: Setting, choices: tuple[str, ...]) -> str:
    if setting.value not in choices:
        raise setting.refuse(f"one of {', '.join(choices)}")
    return str(setting.value)


def _read_limits(settings: Settings) -> dict[str, Limit]:
    return {
        limit.key: limit.read(settings[limit.key])
        for limit in LIMITS
        if limit.key in settings and settings[limit.key].value is not None
    }
