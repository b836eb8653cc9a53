"""`layerscope audit --dockerfile FILE`: the file whose lines findings are told by."""

from dataclasses import dataclass
from pathlib import Path

from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.dockerfile_fix import DockerfileChoice, OpenedDockerfile, open_dockerfile
from layerscope.cli.source_names import name_source
from layerscope.errors import UsageError
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.report.instruction_lines import InstructionLines


@dataclass(frozen=True)
class DockerfileSource:
    """A Dockerfile that was read, and where to say that it is another image's."""

    opened: OpenedDockerfile
    console: Console

    @classmethod
    def read(cls, path: Path | None, target: str, console: Console) -> "DockerfileSource":
        """The file at that path; raises UsageError for one that is none, and for a stage without a file."""
        opened = open_dockerfile(
            DockerfileChoice(path, target if path else "", is_written=False, is_reconstructed=False)
        )
        if opened is None:
            raise UsageError("--target: expected --dockerfile beside it")
        return cls(opened, console)

    def find_lines(self, result: AuditResult) -> InstructionLines | None:
        """Its lines beside the layers of an image; None where the image was not built from it: they would mislead."""
        matched = match_dockerfile(self.opened.dockerfile, result.steps, self.opened.target)
        if matched.is_related:
            return InstructionLines(name_source(self.opened.path), matched)
        self.console.complain(f"{self.opened.path}: the image was not built from it, so no finding has a line of it")
        return None
