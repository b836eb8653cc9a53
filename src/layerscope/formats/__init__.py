"""How a file's bytes read: bytes in, frozen records out."""
