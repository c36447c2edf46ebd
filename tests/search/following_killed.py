"""Forks a follower of the log again and again and kills each somewhere in its work. Run as a process of its own.

Kills ``count`` times, goes on as long as its input is open (the publisher still writes), then follows to the end in
peace. Prints how often it killed.
"""

import os
import random
import select
import signal
import sys
import time

import django


def main(count: int) -> None:
    django.setup()
    from django.db import connections

    from mingtang.search.following import follow

    draw, kills = random.Random(9), 0
    while kills < count or not select.select([sys.stdin], [], [], 0)[0]:
        connections.close_all()
        child = os.fork()
        if not child:
            while True:
                follow(limit=3)
        time.sleep(draw.uniform(0, 0.12))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        kills += 1
    while follow(limit=3):
        pass
    print(kills)


if __name__ == "__main__":
    main(int(sys.argv[1]))
