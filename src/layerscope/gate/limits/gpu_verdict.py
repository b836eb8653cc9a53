"""`gpu-verdict`: how an image has to fare at least on the GPUs, and with the driver, that the policy names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from layerscope.facts.cuda.gpu_verdict import Cause, GpuVerdict, Verdict
from layerscope.gate.limit import Breach, Limit, Measure
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
    needs_gpus: ClassVar[bool] = True

    least: Verdict

    @classmethod
    def read(cls, setting: Setting) -> Self:
        """The limit that a setting says; raises SettingsError."""
        if setting.value not in [each.value for each in _CHOICES]:
            raise setting.refuse(f"one of {', '.join(_CHOICES)}")
        return cls(Verdict(setting.value))

    def measure(self, subject: Subject) -> Iterator[Measure]:
        """Yield the verdict on each GPU that was asked about, and on the common ones where a driver was."""
        asked = [each for each in subject.result.gpus if each.is_asked or each.node]
        for each in asked or _list_common(subject):
            node, driver = (each.node and f" ({each.node})"), (each.driver and f" with driver {each.driver}")
            allowed = f"{self.least} or better" if asked else "not for want of a newer driver"
            is_kept = not self._falls_short(each, is_asked=bool(asked))
            yield Measure(self.key, str(each.verdict), allowed, is_kept, f"{each.name}{node}{driver}")

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
