"""The recipe of an image's run: every kind of setting in turn; what a probe proved takes the place of what was read."""

from collections.abc import Callable
from typing import Final

from layerscope.audit.recipe.gpu import derive_gpu
from layerscope.audit.recipe.ground import Derived, Ground
from layerscope.audit.recipe.health import derive_health
from layerscope.audit.recipe.memory import derive_memory
from layerscope.audit.recipe.mounts import derive_mounts
from layerscope.audit.recipe.others import derive_others
from layerscope.audit.recipe.ports import derive_ports
from layerscope.audit.recipe.proved import derive_proved
from layerscope.audit.recipe.registry import derive_registry
from layerscope.audit.recipe.stopping import derive_stopping
from layerscope.audit.recipe.user import derive_user
from layerscope.audit.result import AuditResult
from layerscope.policies.policies import Policies
from layerscope.probe.probed import Probed
from layerscope.recipe.names import name_application
from layerscope.recipe.setting import LeftOut, Recipe, Setting, SourceKind

_KINDS: Final[tuple[Callable[[Ground], Derived], ...]] = (
    derive_registry, derive_gpu, derive_memory, derive_user, derive_mounts, derive_ports, derive_health,
    derive_stopping, derive_proved,
)  # fmt: skip


def derive_recipe(result: AuditResult, policies: Policies, probed: Probed | None = None, *, name: str = "") -> Recipe:
    """The settings that this image needs, each once by its subject, the last one told, and what is not set.

    `name` is the one by which engines have it, if they have.
    """
    ground = Ground(result, policies, probed, name_application(name))
    found = [each for derive in _KINDS for each in derive(ground)]
    settings = {each.subject: each for each in found if isinstance(each, Setting)}
    left_out = [each for each in found if isinstance(each, LeftOut) and each.subject not in settings]
    sources = (each.source for each in found if each.source is not None)
    told = {source.name for source in sources if source.kind is SourceKind.FINDING}
    return Recipe(tuple(settings.values()), (*left_out, *derive_others(ground, told)))
