"""What the layer pass keeps of the loaders' files."""

from layerscope.facts.elf.loader_extractor import LoaderCacheExtractor, LoaderConfExtractor, LoaderPathsExtractor
from support.loader_files import write_ld_cache

ENTRIES = [("libx.so", "/lib/libx.so", 0x0303, ""), ("liby.so", "/lib/v3/liby.so", 0x0303, "x86-64-v3")]


def test_keeps_the_caches_entries() -> None:
    """Those of legacy subdirectories are left out."""
    content = write_ld_cache(ENTRIES, legacy=["/lib/libx.so"])
    kept = LoaderCacheExtractor().extract("etc/ld.so.cache", content, size=len(content), mode=0o644)
    assert kept == {"entries": [["liby.so", "/lib/v3/liby.so", 0x0303, "x86-64-v3"]]}


def test_keeps_why_a_cache_could_not_be_read() -> None:
    """It is no cache, or longer than what was shown of it."""
    extract = LoaderCacheExtractor().extract
    assert "begins neither" in str(extract("etc/ld.so.cache", b"x", size=1, mode=0o644))
    assert extract("etc/ld.so.cache", b"x", size=2000, mode=0o644) == {"problem": "it has 2,000 bytes, limit 1"}


def test_keeps_folders_of_configuration_files() -> None:
    """Only of those that are the loaders'."""
    extract = LoaderConfExtractor().extract
    assert extract("etc/ld.so.conf", b"include x/*.conf\n/a\n", size=1, mode=0o644) == {
        "lines": ["include x/*.conf", "/a"]
    }
    assert extract("etc/ld.so.preload", b"/a.so b.so", size=1, mode=0o644) == {"lines": ["/a.so", "b.so"]}
    assert extract("etc/ld-musl-x86_64.path", b"/a:/b", size=1, mode=0o644) == {"lines": ["/a", "/b"]}
    assert extract("etc/nginx/nginx.conf", b"/a", size=1, mode=0o644) is None


def test_keeps_the_folders_that_are_built_into_a_loader() -> None:
    """Of an ELF file alone."""
    extract = LoaderPathsExtractor().extract
    content = b"\x7fELF\0/lib64/\0/usr/lib64/\0"
    assert extract("lib64/ld-linux-x86-64.so.2", content, size=1, mode=0o755) == {
        "folders": ["/lib64", "/usr/lib64"],
        "lib": "",
    }
    assert extract("lib64/ld-linux-x86-64.so.2", content[4:], size=1, mode=0o755) is None
    assert extract("lib64/ld-linux-x86-64.so.2", b"\x7fELF", size=1, mode=0o755) is None
