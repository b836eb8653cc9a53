"""CONF009: a health check, where the image says on which port it listens."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.config.process import Process
from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_foreign_shell
from layerscope.rules.config.missing_health_check import find_address
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "CONF009"
KEYWORD: Final = "HEALTHCHECK"


def edit_health_check(
    findings: tuple[Finding, ...], facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """The instruction that the rule gives; none where its port would be a guess."""
    finding = next((finding for finding in findings if finding.code == CODE), None)
    if finding is None:
        return
    process = facts.find(Process)
    line = finding.fixes[0].steps[0] if finding.fixes else ""
    if process is None or not find_address(process) or not line.startswith(KEYWORD):
        yield NoEdit(
            CODE,
            None,
            "the image exposes no port for HTTP: which address answers is not known",
        )
    elif not process.clients:
        yield NoEdit(CODE, None, "the image has neither curl nor wget nor Python: nothing could ask")
    elif shell := find_foreign_shell(matched):
        yield NoEdit(CODE, None, f"a health check is run by {shell}, which is no POSIX shell")
    elif any(each.keyword == KEYWORD for each in matched.instructions):
        reason = "the Dockerfile has a HEALTHCHECK, which the image does not: build it again"
        yield NoEdit(CODE, None, reason, is_held=True)
    else:
        title = "Add a health check of the exposed port; its path is to be looked at"
        yield DockerfileEdit(CODE, None, title, Safety.REVIEW, spans=(insert_instruction(matched, line),))
