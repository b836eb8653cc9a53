"""What differs inside of two files at one path: lines, keys, members, or nothing but a header."""
