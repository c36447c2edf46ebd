"""Follows the log over and over until it is killed, or once to its end with ``once``. Run as a process of its own."""

import sys

import django


def main(once: bool) -> None:
    django.setup()
    from mingtang.search.following import follow

    print("ready", flush=True)
    while follow(limit=3) or not once:
        pass


if __name__ == "__main__":
    main("once" in sys.argv[1:])
