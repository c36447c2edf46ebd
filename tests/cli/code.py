"""Runs Python that comes on standard input, in a process with the settings of an installation."""

import sys

if __name__ == "__main__":
    exec(compile(sys.stdin.read(), "given", "exec"), {"__name__": "given"})
