"""What a build needs of the files beside the Dockerfile: laid where its builder looks, or written for it before."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from layerscope.cli.console import Console
from layerscope.cli.dockerfile_fix import OpenedDockerfile, check_unchanged, list_changes, tell_written
from layerscope.cli.written_files import hold_files, write_files
from layerscope.fixes.builds.builder import Builder
from layerscope.fixes.dockerfile.edit import DockerfileEdit
from layerscope.fixes.dockerfile.file_changes import FileChange
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.rules.wording import tell_list


def leave_out_unbuildable(
    proposal: DockerfileProposal, builder: Builder, opened: OpenedDockerfile, *, is_written: bool, console: Console
) -> DockerfileProposal:
    """The proposal without the edits of files that the builder would not see changed, which is told."""
    left = [
        (edit, reason)
        for edit in proposal.edits
        if (reason := _tell_obstacle(edit, builder, opened, is_written=is_written))
    ]
    for edit, reason in left:
        console.complain(f"{edit.code} is not cured by this build ({edit.title}): {reason}")
    return proposal.leave_out(left) if left else proposal


def find_ignores(proposal: DockerfileProposal) -> str | None:
    """The list of what the build does not copy, where that is to be another."""
    return next((change.after for change in proposal.changes if change.is_ignores), None)


@contextmanager
def hold_context(
    opened: OpenedDockerfile, proposal: DockerfileProposal, console: Console, *, is_written: bool
) -> Iterator[Callable[[], None]]:
    """With `is_written`, have the files beside the Dockerfile changed during a build; for good once it is told so."""
    changes = list_changes(opened, proposal) if is_written else ()
    beside = [change for change in changes if change.place != opened.place]
    with hold_files(beside, console.complain) as keep:
        if beside:
            console.say(f"{_tell_names(beside)}: written for the build, and put back unless the image is proved")
        yield keep


def write_dockerfile(opened: OpenedDockerfile, proposal: DockerfileProposal, console: Console) -> None:
    """Write the Dockerfile of an image that has its name now, beside files that are written; raises UsageError."""
    if not proposal.edits:
        console.say(f"{opened.path} is left as it is")
        return
    check_unchanged(opened)
    write_files([change for change in list_changes(opened, proposal) if change.place == opened.place])
    tell_written(opened, proposal, console)


def _tell_obstacle(edit: DockerfileEdit, builder: Builder, opened: OpenedDockerfile, *, is_written: bool) -> str:
    """Why the builder cannot have an edit; empty where it can."""
    if not edit.files:
        return ""
    names = tell_list(dict.fromkeys(each.file.name for each in edit.files))
    if edit.needs_context and not is_written:
        return f"a builder reads {names} in the context, which is changed with --write alone"
    if builder.reads_own_ignores or edit.needs_context:
        return ""
    if any(each.file.place.name.startswith(opened.path.name) for each in edit.files):
        return f"{builder.name} does not read {names}"
    if not is_written:
        return f"{builder.name} reads {names} in the context, which is changed with --write alone"
    return ""


def _tell_names(changes: list[FileChange]) -> str:
    return tell_list(change.name for change in changes)
