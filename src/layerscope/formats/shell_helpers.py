"""Programs and built-in commands that help a shell's text along: what they print is not the log of an image."""

from typing import Final

HELPERS: Final = frozenset({
    ":", ".", "[", "[[", "alias", "awk", "basename", "break", "cat", "cd", "chgrp", "chmod", "chown", "continue", "cp",
    "curl", "cut", "date", "dirname", "echo", "egrep", "eval", "exit", "export", "false", "fgrep", "find", "gawk",
    "grep", "head", "hostname", "id", "inotifywait", "install", "jobs", "jq", "kill", "less", "ln", "local", "logger",
    "ls", "mkdir", "mkfifo", "mknod", "more", "mount", "mv", "nc", "ncat", "pidof", "pkill", "printenv", "printf", "ps",
    "pwd", "read", "readlink", "realpath", "return", "rm", "rmdir", "sed", "seq", "set", "shift", "sleep", "sort",
    "source", "split", "stat", "stty", "sync", "tail", "tee", "test", "touch", "tr", "trap", "true", "ts", "type",
    "ulimit", "umask", "uname", "uniq", "unset", "until", "wait", "wc", "wget", "which", "whoami", "xargs",
})  # fmt: skip
"""The commands of POSIX and GNU that start no server; `eval`, `source` and `.` start what is not known."""
