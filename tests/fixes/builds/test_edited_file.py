"""An instruction of the edited file, led back to the user's own file and to the edits behind it."""

from layerscope.fixes.builds.edited_file import EditedFile
from layerscope.fixes.dockerfile.applying import apply_edits
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, Span
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.rules.fix import Safety

TEXT = "FROM x\n# one\nRUN one\nRUN two\nRUN three && rm one\nCMD four\n"


def edit_file() -> EditedFile:
    """The third line is another, and the fifth keeps one of its commands."""
    before = parse_dockerfile(TEXT.encode())
    place = TEXT.index("RUN one") + len("RUN one")
    longer = DockerfileEdit("LAY104", 0, "longer", Safety.SAFE, spans=(Span(place, place, " && \\\n  more"),))
    shorter = DockerfileEdit("LAY101", 2, "shorter", Safety.SAFE, drops=(Drop(5, 1),))
    text, edits, _ = apply_edits(before, [longer, shorter])
    return EditedFile(before, parse_dockerfile(text.encode()), edits)


def test_changed_instructions_are_known_on_both_sides() -> None:
    """By their first lines."""
    file = edit_file()
    assert file.changed_before == {3, 5}
    assert file.changed_after == {3, 6}


def test_lines_are_those_of_the_user_s_own_file() -> None:
    """Also below an instruction that has more lines now."""
    file = edit_file()
    assert [file.find_old(each).number for each in file.after.instructions] == [1, 3, 4, 5, 6]


def test_edits_are_told_of_their_instruction_and_of_those_below() -> None:
    """An instruction that none changed has those above it."""
    file = edit_file()
    _, one, two, three, four = file.after.instructions
    titles = [[edit.title for edit in file.find_edits(each)] for each in (one, two, three, four)]
    assert titles == [["longer"], [], ["shorter"], []]
    above = [[edit.title for edit in file.find_edits_above(each)] for each in (one, two, three, four)]
    assert above == [[], ["longer"], ["longer"], ["longer", "shorter"]]


def test_an_edit_that_took_an_instruction_out_is_told_of_those_below() -> None:
    """Nothing of it is left in the file after, and what stood above it has nothing to do with it."""
    before = parse_dockerfile(b"FROM x\nRUN one\nENV A=1\nRUN two\nCMD three\n")
    text, edits, _ = apply_edits(before, [DockerfileEdit("CUDA046", None, "unset", Safety.REVIEW, drops=(Drop(3, 0),))])
    file = EditedFile(before, parse_dockerfile(text.encode()), edits)
    assert [each.keyword for each in file.after.instructions] == ["FROM", "RUN", "RUN", "CMD"]
    above = [[edit.title for edit in file.find_edits_above(each)] for each in file.after.instructions]
    assert above == [[], [], ["unset"], ["unset"]]
    assert not any(file.find_edits(each) for each in file.after.instructions)


def test_what_does_otherwise_since_a_file_changed_counts_as_changed() -> None:
    """Its text is the same, and the edit of the file stands behind it."""
    before = parse_dockerfile(TEXT.encode())
    edit = DockerfileEdit("LAY101", 2, "ignored", Safety.SAFE, remade=(3, 5))
    place = TEXT.index("RUN two")
    longer = DockerfileEdit("ELF006", None, "set", Safety.SAFE, spans=(Span(place, place, "ENV A=1\n"),))
    text, edits, _ = apply_edits(before, [edit, longer])
    file = EditedFile(before, parse_dockerfile(text.encode()), edits)
    assert file.changed_before == {3, 5}
    assert file.changed_after == {3, 4, 6}
    *_, one, _, two, three, four = file.after.instructions
    titles = [[each.title for each in file.find_edits(instruction)] for instruction in (one, two, three, four)]
    assert titles == [["ignored"], ["set"], ["ignored"], []]
    assert [each.title for each in file.find_edits_above(four)] == ["ignored", "set"]
