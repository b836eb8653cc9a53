"""The rights with which a probe has seen the image work: they take the place of what is only read from it."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from layerscope.audit.recipe.ground import Ground, of_probe
from layerscope.audit.recipe.user import derive_volume_group, list_written
from layerscope.probe.confinement import ROOT
from layerscope.probe.probed import Probed
from layerscope.probe.recipe import build_recipe
from layerscope.recipe.setting import LeftOut, Setting
from layerscope.rules.config.unwritable_volume import UnwritableVolume

PROVED: Final = frozenset({
    "root file system", "capabilities", "privileges", "user", "system calls", "temporary files", "variables",
})  # fmt: skip
"""Settings of a probe's run that hold for any run; its network and its limits are the probe's own."""


def derive_proved(ground: Ground) -> Iterator[Setting | LeftOut]:
    """The settings of the run that was good, if it was one of the program that the image starts."""
    probed = ground.probed
    if probed is None or probed.verdict is None or probed.trials is None:
        return
    recipe = build_recipe(probed.trials, probed.verdict)
    stage = _find_stage(probed, has_server=ground.server is not None)
    if recipe is None:
        yield LeftOut("rights", "the probe saw no good run of the image", of_probe(probed.verdict.root or "verdict"))
    elif not stage:
        yield LeftOut("rights", "the probe proved them for a small model, and not for the image's server")
    else:
        for setting in recipe.settings:
            if setting.subject in PROVED:
                reason = "the probe saw the image generate a text so"
                yield replace(setting, reason=reason, source=of_probe(stage))
        user = probed.trials.confinement.user if probed.trials.confinement is not None else ""
        if user and user != ROOT:
            number, _, group = user.partition(":")
            yield from derive_volume_group(ground, int(group or number))
            closed = list_written(ground, besides=int(number))
            if closed:
                reason = f"{', '.join(closed)} come as another's, and user {number} may have to write to them"
                told = f"{reason}: {UnwritableVolume.code} tells what changes it"
                yield LeftOut("the owner of volumes", told, forms=("docker", "compose"))


def _find_stage(probed: Probed, *, has_server: bool) -> str:
    """The stage that proves that what the image starts works so; empty where none does."""
    assert probed.seen is not None, "it has a verdict"
    text = probed.seen.text_stage
    if text is not None:
        return text.name
    return "" if has_server else "generation"
