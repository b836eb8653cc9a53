"""The two images that `layerscope diff` compares: A and B, an image and its base, or a container and its image."""

from dataclasses import dataclass

from layerscope.audit.options import AuditOptions
from layerscope.audit.own_base import audit_own_base
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli.image_access import choose_opener, choose_pair, choose_started
from layerscope.cli.options import Reading
from layerscope.errors import UsageError
from layerscope.progress import Progress
from layerscope.sources.select import is_container
from layerscope.sources.source import Source


@dataclass(frozen=True)
class Pair:
    """What was asked for: A and B, or one image with its base, or one container with the image it was made from."""

    first: str
    second: str | None
    against_base: bool = False

    def check(self) -> None:
        """Raise UsageError where it does not come to two images."""
        if self.against_base and self.second is not None:
            raise UsageError("--base compares one image with its own base: expected IMAGE alone, found A and B")
        if self.second is None and not self.against_base and not is_container(self.first):
            raise UsageError(
                f"diff {self.first[:200]}: expected B as well, or --base to compare an image with its own base, "
                "or container:NAME to compare a container with its image"
            )

    def audit(
        self, reading: Reading, options: AuditOptions, progress: Progress, *, random_access: bool
    ) -> tuple[AuditResult, AuditResult]:
        """Both audits, the earlier image first; raises UsageError, SourceError and ImageError."""
        if self.against_base:
            open_image = choose_opener([self.first], reading, random_access=random_access)
            result = audit_image(open_image(self.first), options=options, progress=progress)
            return audit_own_base(result, open_image, options=options, progress=progress), result
        one, other = (
            audit_image(source, options=options, progress=progress)
            for source in self._choose_sources(reading, random_access=random_access)
        )
        return one, other

    def _choose_sources(self, reading: Reading, *, random_access: bool) -> tuple[Source, Source]:
        if self.second is not None:
            return choose_pair(self.first, self.second, reading, random_access=random_access)
        open_image = choose_opener([self.first], reading, random_access=random_access)
        return choose_started(self.first, reading, random_access=random_access), open_image(self.first)
