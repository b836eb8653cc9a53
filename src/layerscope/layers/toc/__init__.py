"""Tables of contents that some layers carry for runtimes which fetch files one by one: eStargz and zstd:chunked.

`place` says where a table lies and what names it, `document` reads it to an index like that of a tar, `compare` holds
the two against each other, and `scan` does all of it for one layer.
"""
