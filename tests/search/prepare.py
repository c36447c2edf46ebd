"""An empty database; or, with ``compare``, how many papers the index has and how many it should have."""

import sys

import django


def main(compare: bool) -> None:
    django.setup()
    from django.core.management import call_command

    from mingtang.editions.models import LIVE, Edition
    from mingtang.search.selectors import search
    from mingtang.search.wanted import Wanted

    if not compare:
        call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
        return
    editions = Edition.objects.filter(state=LIVE).exclude(publication__validity__in=("withdrawn", "erased"))
    should = {edition.publication_id for edition in editions}
    found = search(Wanted(), size=1000)
    by_text = search(Wanted(q="话"), size=1000)
    same = {hit.publication.pk for hit in found.hits} == {hit.publication.pk for hit in by_text.hits} == should
    print(len(should) if same else -1, found.total)


if __name__ == "__main__":
    main("compare" in sys.argv[1:])
