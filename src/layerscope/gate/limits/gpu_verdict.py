"""`gpu-verdict`: how an image has to fare at least on the GPUs, and with the driver, that the policy names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.gate.limit import Breach, Limit
from layerscope.gate.setting import Setting
from layerscope.gate.subject import Subject

_ORDER: Final = tuple(Verdict)
_CHOICES: Final = (Verdict.NATIVE, Verdict.JIT, Verdict.PARTIAL)


@dataclass(frozen=True)
class LeastGpuVerdict(Limit):
    """The least that `gpus` have to come to; where a `driver` is named alone, that it is new enough."""

    key: ClassVar[str] = "gpu-verdict"
    metavar: ClassVar[str] = "VERDICT"
    explanation: ClassVar[str] = "Least verdict on each --gpu: native, jit or partial; default: jit."
    default: ClassVar[object] = Verdict.JIT.value

    least: Verdict

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        if setting.value not in [each.value for each in _CHOICES]:
            raise setting.refuse(f"one of {', '.join(_CHOICES)}")
        return cls(Verdict(setting.value))

    def check(self, subject: Subject) -> Iterator[Breach]:
        """Yield the GPUs that were asked about and fall short, those with one reason together."""
        asked = [each for each in subject.result.gpus if each.is_asked or each.node]
        short: dict[tuple[Verdict, str], list[GpuVerdict]] = {}
        for each in asked or _list_common(subject):
            if self._falls_short(each, is_asked=bool(asked)):
                short.setdefault((each.verdict, each.reason), []).append(each)
        for (verdict, reason), judged in short.items():
            names = ", ".join(
                dict.fromkeys(f"{each.name} ({each.node})" if each.node else each.name for each in judged)
            )
            told = f" with driver {judged[0].driver}" if judged[0].driver else ""
            yield Breach(self.key, f"{names}{told}: {verdict}, expected {self.least} or better", reason)

    def _falls_short(self, verdict: GpuVerdict, *, is_asked: bool) -> bool:
        if not is_asked:
            return verdict.cause is Cause.DRIVER_TOO_OLD
        return _ORDER.index(verdict.verdict) > _ORDER.index(self.least)


def _list_common(subject: Subject) -> list[GpuVerdict]:
    return [each for each in subject.result.gpus if each.driver]
