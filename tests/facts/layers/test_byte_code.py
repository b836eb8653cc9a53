"""Python byte-code is added up by layer."""

from layerscope.facts.layers.byte_code import ByteCode, ByteCodeCollector
from support.contexts import collect, make_context
from support.tar_member import file, whiteout


def test_adds_up_each_layers_byte_code() -> None:
    """With the folders that hold it."""
    context = make_context(
        [file("usr/lib/a/__pycache__/x.cpython-311.pyc", b"12"), file("usr/lib/b/__pycache__/y.cpython-311.pyc", b"3")],
        [file("app/z.py", b"print()")],
        steps=["RUN pip install a b", "COPY . /app"],
    )
    (fact,) = collect(ByteCodeCollector, context).of(ByteCode)
    assert (fact.layer, fact.files, fact.size, fact.instruction) == (0, 2, 3, "RUN pip install a b")
    assert [folder.path for folder in fact.folders] == ["usr/lib/a/__pycache__", "usr/lib/b/__pycache__"]


def test_leaves_out_what_may_be_all_there_is_of_a_module() -> None:
    """Byte-code beside no `__pycache__` folder may have no source."""
    assert collect(ByteCodeCollector, make_context([file("app/x.pyc", b"12")])).of(ByteCode) == ()


def test_leaves_out_what_the_container_does_not_see() -> None:
    """A later step removed it."""
    context = make_context([file("app/__pycache__/x.pyc", b"12")], [whiteout("app")])
    assert collect(ByteCodeCollector, context).of(ByteCode) == ()
