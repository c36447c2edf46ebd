"""Publishes, corrects, withdraws and repeals papers at a pace until ``count`` are there. Run as a process of its own."""

import random
import sys

import django


def main(count: int) -> None:
    django.setup()
    from django.db import transaction
    from tests.search.shelf import Shelf

    from mingtang.editions.models import Publication

    shelf, draw = Shelf(), random.Random(3)
    for number in range(count):
        with transaction.atomic():
            paper = shelf.publish(f"文件{number}号", f"共同的话，第{number}段文字。")
            old = draw.choice(list(Publication.objects.all()))
            match draw.randrange(6):
                case 0 if old.validity == "valid":
                    shelf.correct(old, old.title, "更正后的话。")
                case 1 if old.validity == "valid":
                    shelf.mark(old, "withdrawn")
                case 2 if old.validity == "valid":
                    shelf.mark(old, "repealed")
                case 3 if number % 5 == 0:
                    shelf.erase(paper)
        print(number, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
