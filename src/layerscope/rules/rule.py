"""Rule: a pure function from facts to findings, with its documentation."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding, Location
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.severity import Confidence, Severity


class Rule(ABC):
    """One reason to flag.

    An implementer declares code, severity, confidence and the facts it needs, documents itself in its docstring under
    the seven headings of `rules.documentation`, and yields findings. It opens nothing and knows no other rule.
    """

    code: ClassVar[str]
    covers: ClassVar[tuple[int, ...]] = ()
    """Rows of the catalogue of symptoms that the project owes an answer to, so that its coverage can be counted."""
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence] = Confidence.HIGH
    needs: ClassVar[tuple[type[Fact], ...]]
    ends_gpu_work: ClassVar[Severity | None] = None
    """The severity from which on a finding means that what it concerns does not start, or computes on no GPU."""
    is_answer: ClassVar[bool] = False
    """Whether its findings answer what a person asked (--gpu, --driver, --fleet), and are none without the question."""

    has_one: ClassVar[bool] = False
    """Whether an image has one finding of it or none, whose words only tell the circumstances."""

    fixed_in: ClassVar[tuple[FixPlace, ...]] = ()
    """Where `layerscope fix` makes its fix itself, for findings in the usual form."""

    @classmethod
    def name(cls) -> str:
        """The rule's kebab-case name, derived from its class name."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """The first line of the documentation, without its full stop."""
        return (cls.__doc__ or "").strip().splitlines()[0].rstrip(".")

    @abstractmethod
    def check(self, facts: FactSet) -> Iterator[Finding]:
        """Yield what is wrong, in an order that depends on the facts alone."""

    def finding(
        self,
        message: str,
        *evidence: Evidence,
        severity: Severity | None = None,
        confidence: Confidence | None = None,
        fixes: tuple[Fix, ...] = (),
        wasted: int = 0,
        concerns: tuple[str, ...] | None = (),
        brief: str = "",
    ) -> Finding:
        """A finding of this rule at the places of the evidence.

        `concerns` are paths by which those who load them are found, none for all of the image, None for nobody.
        """
        weight = self.severity if severity is None else severity
        return Finding(
            code=self.code,
            rule=self.name(),
            title=self.title(),
            message=message,
            severity=weight,
            confidence=self.confidence if confidence is None else confidence,
            locations=tuple(Location(item.layer, item.path) for item in evidence),
            fixes=fixes,
            wasted=wasted,
            ends_gpu_work=self.ends_gpu_work is not None and weight >= self.ends_gpu_work and concerns is not None,
            concerns=concerns or (),
            brief=brief,
            is_answer=self.is_answer,
            is_only=self.has_one,
        )
