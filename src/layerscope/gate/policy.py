"""Policy: everything that a project demands of its images, read from settings and checked before any work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from layerscope.errors import ReferenceSyntaxError, SettingsError
from layerscope.gate.amounts import read_seconds
from layerscope.gate.image_choice import ImageChoice
from layerscope.gate.limit import Limit
from layerscope.gate.limits import LIMITS
from layerscope.gate.rule_levels import FAIL, WARN, RuleLevels
from layerscope.gate.setting import Origin, Setting
from layerscope.gate.suppression import Suppression
from layerscope.image.platform import Platform
from layerscope.sources.identity import place_image

BASELINE: Final = "layerscope-baseline.json"

DEFAULTS: Final[Mapping[str, object]] = {
    "images": None,
    "fail-on": "high",
    "rules": {},
    "suppress": [],
    "baseline": BASELINE,
    "against": None,
    "base": None,
    "ignore-base": False,
    "platforms": [],
    "gpus": [],
    "driver": None,
    "fleet": None,
    "time-limit": "never",
    "unlisted-dockerfile": WARN,
    **{limit.key: limit.default for limit in LIMITS},
}
"""Every key of `[check]`, with what holds where nobody says it."""

_IMAGES: Final = ("against", "base")

Settings = Mapping[str, Setting]


@dataclass(frozen=True)
class Policy:
    """What is demanded of every image that has nothing of its own."""

    levels: RuleLevels
    limits: Mapping[str, Limit]
    suppressions: tuple[Suppression, ...] = ()
    against: str | None = None
    base: str | None = None
    """The image that it was built on, where somebody names it."""
    ignores_base: bool = False
    """Whether findings that lie in the base image's layers alone are left out."""
    platforms: tuple[Platform, ...] = ()
    """Those that are checked of an image that has several."""
    gpus: tuple[str, ...] = ()
    driver: str | None = None
    fleet: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    """By key, what `against` and `base` are opened as, where a settings file says them."""
    time_limit: float | None = None
    """Seconds for all images together; None for as long as it takes."""
    fails_unlisted: bool = False
    """Whether a Dockerfile that no image of the policy is built from fails."""

    def specialise(self, choice: ImageChoice) -> "Policy":
        """The policy for one image; raises SettingsError for what it says of itself alone."""
        own = choice.own
        said = {key: own[key] for key in _IMAGES if key in own}
        return replace(
            self,
            places={**self.places, **_place_images(said)},
            against=_find_image(own["against"]) if "against" in own else self.against,
            base=_find_image(own["base"]) if "base" in own else self.base,
            ignores_base=own["ignore-base"].read_flag() if "ignore-base" in own else self.ignores_base,
            platforms=_read_platforms(own["platforms"]) if "platforms" in own else self.platforms,
            limits={**self.limits, **_read_limits(own)},
        )

    @property
    def reference(self) -> str | None:
        """The image to compare with, where a limit compares with one."""
        return self.against if any(map(_compares, self.limits.values())) else None

    @property
    def asks_about_gpus(self) -> bool:
        """Whether anything says for which GPUs, or which driver, the image is judged."""
        return bool(self.gpus or self.driver or self.fleet)

    def spread(self, choice: ImageChoice) -> tuple[ImageChoice, ...]:
        """The image once for each platform that is to be checked; what it says of itself comes first."""
        if not self.platforms or (choice.platform is not None and "platforms" not in choice.own):
            return (choice,)
        return tuple(replace(choice, platform=each) for each in self.platforms)


def make_policy(settings: Settings) -> Policy:
    """The policy that the settings say; raises SettingsError for the first that is not as expected."""
    driver = settings["driver"]
    return Policy(
        levels=RuleLevels.read(settings["fail-on"], settings["rules"]),
        limits=_read_limits(settings),
        suppressions=tuple(
            Suppression.read(each) for each in settings["suppress"].read_tables("a list of tables: [[check.suppress]]")
        ),
        against=_find_image(settings["against"]),
        places=_place_images({key: settings[key] for key in _IMAGES}),
        base=_find_image(settings["base"]),
        ignores_base=settings["ignore-base"].read_flag(),
        platforms=_read_platforms(settings["platforms"]),
        gpus=settings["gpus"].read_texts("a list of GPUs, such as H100"),
        driver=None if driver.value is None else driver.read_text('a driver in quotes, such as "535"'),
        fleet=None if settings["fleet"].value is None else settings["fleet"].read_text("the path of a file"),
        time_limit=read_seconds(settings["time-limit"]),
        fails_unlisted=_read_choice(settings["unlisted-dockerfile"], (WARN, FAIL)) == FAIL,
    )


def check_references(policy: Policy, settings: Settings, choice: ImageChoice) -> None:
    """Raise SettingsError for a limit of an image that can find nothing: no image to compare with, or no GPU."""
    for limit in policy.limits.values():
        setting = choice.own.get(limit.key) or settings[limit.key]
        if _compares(limit) and policy.against is None:
            raise SettingsError(
                f"{setting.where}: expected an image to compare {choice.name} with; name it by against (--against)"
            )
        if limit.needs_gpus and setting.origin is not Origin.DEFAULT and not policy.asks_about_gpus:
            raise SettingsError(
                f"{setting.where}: expected GPUs to judge {choice.name} for; name them by gpus (--gpu), driver or fleet"
            )
    if "against" in choice.own and policy.reference is None:
        raise _refuse_against(choice.own["against"], choice.name)


def check_against(policy: Policy, chosen: Sequence[Policy], setting: Setting, images: Setting) -> None:
    """Raise SettingsError for an image to compare with for which no limit compares any of the images.

    A file may say it for images that it lists, although others are checked.
    """
    if setting.value is None or any(each.reference is not None for each in (policy, *chosen)):
        return
    listed = (
        images.value if isinstance(images.value, list) and (not chosen or setting.origin is not Origin.FLAG) else []
    )
    if not any(map(_is_compared, listed)):
        raise _refuse_against(setting, "images")


def _is_compared(entry: object) -> bool:
    """Whether an entry of the images has a limit that compares, and nothing of its own to compare with."""
    if not isinstance(entry, dict) or "against" in entry:
        return False
    return any(limit.needs_reference and entry.get(limit.key) for limit in LIMITS)


def _refuse_against(setting: Setting, compared: str) -> SettingsError:
    keys = [limit.key for limit in LIMITS if limit.needs_reference]
    told = f"{' or '.join(keys)} ({', '.join(f'--{key}' for key in keys)})"
    return SettingsError(f"{setting.where}: nothing compares {compared} with {setting.value}; say for what, by {told}")


def _compares(limit: Limit) -> bool:
    """Whether a limit compares with another image; one that forbids nothing does not."""
    return limit.needs_reference and bool(limit.clauses)


def _read_platforms(setting: Setting) -> tuple[Platform, ...]:
    """The platforms that a setting lists; raises SettingsError."""
    texts = setting.read_texts("a list of platforms, such as linux/arm64")
    try:
        return tuple(dict.fromkeys(map(Platform.parse, texts)))
    except ReferenceSyntaxError as error:
        raise SettingsError(f"{setting.where}: {error}") from error


def _find_image(setting: Setting) -> str | None:
    return None if setting.value is None else setting.read_text("the name of an image")


def _place_images(said: Settings) -> dict[str, str]:
    """What each of these images is opened as: one of a settings file is meant from its folder."""
    texts = {key: (setting, text) for key, setting in said.items() if (text := _find_image(setting)) is not None}
    return {
        key: place_image(text, Path(setting.place).parent) if setting.origin is Origin.FILE else text
        for key, (setting, text) in texts.items()
    }


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
