"""Layers of random members at few paths, in any order, with no regard to what builders write."""

from collections.abc import Sequence

from hypothesis import strategies as st

from support.tar_member import TarMember, device, directory, file, hardlink, opaque, symlink, whiteout

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
MODES = st.sampled_from([0o600, 0o644, 0o755])
KINDS = ["file", "file", "directory", "directory", "symlink", "hard link", "whiteout", "opaque", "device"]
Layers = Sequence[Sequence[TarMember]]


@st.composite
def wild_members(draw: st.DrawFn) -> TarMember:
    """A member at one of few paths, with no regard to what else there is."""
    path, mode = draw(PATHS), draw(MODES)
    match draw(st.sampled_from(KINDS)):
        case "file":
            return file(path, draw(st.sampled_from([b"", b"1", b"22", b"333"])), mode=mode)
        case "directory":
            return directory(path, mode=mode)
        case "symlink":
            return symlink(path, draw(st.sampled_from(["a", "b/c", "/b", "..", "../c", "a/../b", "/", "nowhere"])))
        case "hard link":
            return hardlink(path, draw(PATHS), mode=mode)
        case "whiteout":
            return whiteout(path)
        case "opaque":
            return opaque(path)
        case _:
            return device(path, 0, 0)


wild_layers = st.lists(st.lists(wild_members(), max_size=7), min_size=1, max_size=4)
