"""The context answers what collectors ask of layers, tree and history."""

from layerscope.facts.context import INSTRUCTION_LIMIT, shorten_instruction
from layerscope.facts.system.script_extractor import ScriptExtractor
from support.contexts import make_context
from support.tar_member import directory, file, hardlink, symlink, whiteout

LOWER = (
    directory("app"),
    file("app/kept", b"kept"),
    file("app/removed", b"removed"),
    file("app/replaced", b"old"),
    file("app/linked", b"shared"),
)
UPPER = (whiteout("app/removed"), file("app/replaced", b"new"), hardlink("app/name", "app/linked"))


def test_flags_what_the_container_does_not_see() -> None:
    """Removed and replaced entries are covered, the others are not."""
    context = make_context(LOWER, UPPER)
    covered = [path for path, flag in zip(context.scans[0].index.paths, context.covered[0], strict=True) if flag]
    assert covered == ["app/removed", "app/replaced"]
    assert not any(context.covered[1])


def test_content_seen_through_a_hard_link_is_not_covered() -> None:
    """Its own name may be gone."""
    context = make_context(LOWER, UPPER, [whiteout("app/linked")])
    position = context.scans[0].index.paths.index("app/linked")
    assert not context.covered[0][position]


def test_names_the_layer_that_hid_a_path() -> None:
    """None where the container sees it."""
    context = make_context(LOWER, UPPER)
    assert context.hidden_by(0, "app/removed") == 1
    assert context.hidden_by(0, "app/replaced") == 1
    assert context.hidden_by(0, "app/kept") is None
    assert context.hidden_by(1, "app/replaced") is None


def test_names_the_layer_that_removed_a_path() -> None:
    """None where it is there, and where it never was."""
    context = make_context(LOWER, UPPER)
    assert context.find_removal("app/removed") == 1
    assert context.find_removal("app/replaced") is None
    assert context.find_removal("app/never") is None


def test_finds_what_an_extractor_kept_of_a_file_through_links() -> None:
    """The extract lies where the content lies."""
    context = make_context(
        [directory("bin"), file("bin/run", b"#!/bin/sh\n", mode=0o755)],
        [hardlink("bin/hard", "bin/run"), symlink("soft", "bin/hard")],
    )
    assert context.find_extract(ScriptExtractor.name, "soft") == "#!/bin/sh"
    assert context.find_extract(ScriptExtractor.name, "none") is None


def test_lists_extracts_by_layer_and_path() -> None:
    """In an order that depends on the image alone."""
    context = make_context(
        [file("bin/b", b"#!/bin/b", mode=0o755), file("bin/a", b"#!/bin/a", mode=0o755)],
        [file("bin/c", b"#!/bin/c", mode=0o755)],
    )
    assert [(layer, path) for layer, path, _ in context.extracts("scripts")] == [
        (0, "bin/a"),
        (0, "bin/b"),
        (1, "bin/c"),
    ]


def test_tells_instructions_without_secrets_and_not_for_ever() -> None:
    """A heredoc runs to pages, and may hold a password."""
    context = make_context([], steps=["/bin/sh -c curl -u me:hunter2 https://example.com"])
    assert context.instruction(0) == "RUN curl -u me:*** https://example.com"
    assert context.instruction(None) == ""
    assert context.instruction(7) == ""
    assert len(shorten_instruction("RUN " + "x " * 1000)) == INSTRUCTION_LIMIT


def test_names_the_layer_that_removed_a_file_written_through_a_link() -> None:
    """The file was where the link led, not where its entry says."""
    context = make_context(
        [directory("real"), symlink("alias", "real"), file("alias/x", b"content")],
        [whiteout("real/x")],
    )
    assert context.find_removal("real/x") == 1
