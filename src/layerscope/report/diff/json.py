"""A comparison as plain data."""

from collections.abc import Iterator, Sequence
from typing import Final

from layerscope.audit.image_diff import ImageDiff
from layerscope.audit.result import AuditResult
from layerscope.diff.contents.content_diff import ContentDiff
from layerscope.diff.gpus import GpuChange
from layerscope.diff.layers import LayerPair
from layerscope.diff.linking import LinkChange
from layerscope.diff.noise import is_written_anew
from layerscope.facts.cuda.gpu_verdict import GpuVerdict
from layerscope.filesystem.node import Node
from layerscope.formats.secret_text import redact_text
from layerscope.image.history import BuildStep
from layerscope.layers.entry import EntryType
from layerscope.report.context import RenderContext
from layerscope.report.diff import words
from layerscope.report.diff.json_v1 import (
    ConfigChangeV1,
    ContentV1,
    DiffSummaryV1,
    DiffV1,
    DigestCauseV1,
    FileChangeV1,
    FileStateV1,
    FindingChangesV1,
    GpuChangeV1,
    GpuStateV1,
    HistoryStepV1,
    LayerPairV1,
    LesserFindingV1,
    LinkChangeV1,
    PackageChangeV1,
    RiskV1,
    SizeChangeV1,
    StepChangeV1,
    ValueChangeV1,
)
from layerscope.report.diff.linking_words import list_values
from layerscope.report.instruction import tell_created_by, tell_instruction
from layerscope.report.json_format import build_finding
from layerscope.report.json_parts import build_image, build_tool
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path

_TYPES: Final = {kind: kind.name.lower().replace("_", "-") for kind in EntryType}


def render_diff_json(difference: ImageDiff, context: RenderContext) -> str:
    """The whole comparison; no list is cut."""
    return encode_json(_build(difference, context))


def _build(difference: ImageDiff, context: RenderContext) -> DiffV1:
    before, after = difference.before, difference.after
    return DiffV1(
        schema_version=1,
        tool=build_tool(),
        before=build_image(before.image, before.layers, before.base),
        after=build_image(after.image, after.layers, after.base),
        summary=_build_summary(difference, context),
        digest=[
            DigestCauseV1(each.cause.name.lower(), str(each.cause), list(each.details), each.count)
            for each in difference.digest_causes
        ],
        risks=[RiskV1(words.LEVELS[each.level], each.kind.value, each.text, each.detail) for each in difference.risks],
        traits=[ValueChangeV1(each.change.value, each.name, each.before, each.after) for each in difference.traits],
        gpus=[_build_gpu(each) for each in difference.gpus],
        packages=[
            PackageChangeV1(
                each.change.value,
                each.key.kind.value,
                each.key.name,
                each.key.place,
                each.old_place or each.key.place,
                list(each.before),
                list(each.after),
            )
            for each in difference.packages
        ],
        findings=FindingChangesV1(
            new=[build_finding(each, after) for each in difference.findings.new],
            fixed=[build_finding(each, before) for each in difference.findings.fixed],
            kept=[build_finding(each, after) for each in difference.findings.kept],
            lesser=[
                LesserFindingV1(build_finding(each.finding, after), str(each.before))
                for each in difference.findings.lesser
            ],
        ),
        sizes=[
            SizeChangeV1(each.cause.kind, each.cause.name, root_path(each.cause.place), each.growth, each.files)
            for each in difference.sizes
        ],
        layers=[_build_layer(pair, difference) for pair in difference.layers],
        config=[
            ConfigChangeV1(each.change.value, each.name, each.before, each.after, is_written_anew(each.name))
            for each in difference.config
        ],
        history=[
            StepChangeV1(
                each.change.value,
                [tell_instruction(step) for step in each.before],
                [tell_instruction(step) for step in each.after],
                [aspect.value for aspect in each.aspects],
                [_build_step(step) for step in each.before],
                [_build_step(step) for step in each.after],
            )
            for each in difference.history
        ],
        linking=[_build_link(each) for each in difference.linking],
        files=list(_iter_files(difference)),
    )


def _build_summary(difference: ImageDiff, context: RenderContext) -> DiffSummaryV1:
    left_out = {noise.value: count for noise, count in sorted(difference.left_out.items())}
    return DiffSummaryV1(
        same=difference.is_same,
        whole=difference.is_whole,
        doubts_before=words.list_doubts(difference.before),
        doubts_after=words.list_doubts(difference.after),
        growth=difference.growth,
        left_out=left_out,
        path_notes=words.list_path_notes(difference),
        exit_code=context.exit_code,
    )


def _build_gpu(change: GpuChange) -> GpuChangeV1:
    judged = change.after or change.before
    assert judged is not None, "a change has a verdict on one side at least"
    return GpuChangeV1(change.name, judged.node, _build_gpu_state(change.before), _build_gpu_state(change.after))


def _build_gpu_state(verdict: GpuVerdict | None) -> GpuStateV1 | None:
    return None if verdict is None else GpuStateV1(verdict.verdict.value, verdict.reason, verdict.minimum_driver)


def _build_link(change: LinkChange) -> LinkChangeV1:
    needs, provides, values = (
        [ValueChangeV1(each.change.value, each.name, each.before, each.after) for each in changes]
        for changes in (change.needs, change.provides, list_values(change))
    )
    return LinkChangeV1(
        root_path(change.path),
        root_path(change.old_path),
        list(change.needed_added),
        list(change.needed_removed),
        needs,
        provides,
        values,
    )


def _build_step(step: BuildStep) -> HistoryStepV1:
    author, comment = redact_text(step.author), redact_text(step.comment)
    return HistoryStepV1(tell_instruction(step), tell_created_by(step), step.layer, step.empty, author, comment)


def _build_layer(pair: LayerPair, difference: ImageDiff) -> LayerPairV1:
    result, number = (difference.after, pair.after) if pair.after is not None else (difference.before, pair.before)
    assert number is not None, "a pair has a layer on one side at least"
    layer = result.layers[number]
    return LayerPairV1(
        pair.fate.value, pair.before, pair.after, str(layer.diff_id), layer.size, tell_created_by(layer.step)
    )


def _iter_files(difference: ImageDiff) -> Iterator[FileChangeV1]:
    """Every path that differs; what made a layer is told once, for all that lies in it."""
    before, after = (_list_origins(result) for result in (difference.before, difference.after))
    for change in difference.files:
        yield FileChangeV1(
            change.change.value,
            root_path(change.path),
            [aspect.value for aspect in change.aspects],
            change.growth,
            _build_file_state(change.before, before),
            _build_file_state(change.after, after),
            _build_content(difference.contents.get(change.path)),
        )


def _list_origins(result: AuditResult) -> list[str | None]:
    return [tell_created_by(layer.step) for layer in result.layers]


def _build_content(content: ContentDiff | None) -> ContentV1 | None:
    return None if content is None else ContentV1(content.kind, list(content.lines), content.remark)


def _build_file_state(node: Node | None, origins: Sequence[str | None]) -> FileStateV1 | None:
    if node is None:
        return None
    (mode, uid, gid), digest, layer = node.attributes, node.digest, node.layer
    return FileStateV1(
        type=_TYPES[node.type],
        size=node.size,
        mode=f"{mode:04o}",
        uid=uid,
        gid=gid,
        mtime_ns=node.mtime_ns,
        link=node.link,
        sha256=digest.hex() if digest is not None else None,
        layer=layer,
        created_by=origins[layer],
    )
