"""How an image configures its loaders."""

from layerscope.facts.elf.loader_settings import CachedLibrary, LoaderKind
from layerscope.facts.elf.search_path import LibraryPathPart, find_library_path, find_preloads, find_settings
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, MUSL_LOADER, make_image
from support.loader_files import write_ld_cache

CACHE = write_ld_cache([("libx.so", "/opt/libx.so", 0x0303, "")])


def test_reads_the_variable_from_the_config() -> None:
    """Relative parts begin in the working directory, an empty one is that folder; of two variables the last counts."""
    context = make_image(
        {"a": b""}, env=["LD_LIBRARY_PATH=/no", "LD_LIBRARY_PATH=/opt/lib:;lib:$ORIGIN/x"], working_dir="/app"
    )
    assert find_library_path(context) == (
        LibraryPathPart("/opt/lib", "/opt/lib"),
        LibraryPathPart("", "/app"),
        LibraryPathPart("lib", "/app/lib"),
        LibraryPathPart("$ORIGIN/x", "$ORIGIN/x"),
    )


def test_an_empty_variable_is_none() -> None:
    """It does not name the working directory."""
    assert find_library_path(make_image({"a": b""}, env=["LD_LIBRARY_PATH="])) == ()


def test_finds_preloads_of_variable_and_file() -> None:
    """In the order of loading."""
    context = make_image({"etc/ld.so.preload": b"/b.so\n"}, env=["LD_PRELOAD=a.so"])
    assert find_preloads(context) == (("a.so", "LD_PRELOAD"), ("/b.so", "/etc/ld.so.preload"))


def test_glibcs_settings() -> None:
    """The cache's libraries, the built-in folders where the loader tells them, the processor's subdirectories."""
    loader = b"\x7fELF..\0lib/x86_64-linux-gnu\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0"
    context = make_image({**GLIBC_FILES, "etc/ld.so.cache": CACHE, "lib64/ld-linux-x86-64.so.2": loader})
    settings = find_settings(context, LOADER, bits=64, machine=62)
    assert settings.kind is LoaderKind.GLIBC
    assert settings.interpreter_path == "lib64/ld-linux-x86-64.so.2"
    assert settings.default_folders == ("/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib")
    assert settings.tokens.lib == "lib/x86_64-linux-gnu"
    assert settings.cache == {"libx.so": (CachedLibrary("/opt/libx.so", 0x0303, ""),)}
    assert settings.hwcaps == ("x86-64-v3", "x86-64-v2")
    assert find_settings(context, LOADER, bits=64, machine=62, cpu_level=1).hwcaps == ()


def test_default_folders_follow_the_layout_where_the_loader_does_not_tell() -> None:
    """Debian's triplets where there are such folders, else lib64."""
    plain = find_settings(make_image(GLIBC_FILES), LOADER, bits=64, machine=62)
    assert (plain.default_folders, plain.tokens.lib) == (("/lib64", "/usr/lib64"), "lib64")
    debian = make_image({**GLIBC_FILES, "usr/lib/x86_64-linux-gnu/a": b""})
    assert find_settings(debian, LOADER, bits=64, machine=62).default_folders[1] == "/usr/lib/x86_64-linux-gnu"


def test_musls_settings() -> None:
    """Its own file or its own folders; no cache, no file of preloads, and empty parts say nothing."""
    files = {**MUSL_FILES, "etc/ld.so.cache": CACHE, "etc/ld.so.preload": b"/x.so"}
    context = make_image(files, env=["LD_LIBRARY_PATH=:/a"])
    settings = find_settings(context, MUSL_LOADER, bits=64, machine=62)
    assert settings.kind is LoaderKind.MUSL
    assert settings.default_folders == ("/lib", "/usr/local/lib", "/usr/lib")
    assert (settings.library_path, settings.cache, settings.preload) == (("/a",), {}, ())
    own = make_image({**MUSL_FILES, "etc/ld-musl-x86_64.path": b"/opt/lib\n"})
    assert find_settings(own, MUSL_LOADER, bits=64, machine=62).default_folders == ("/opt/lib",)
