"""Full-text search over what is public.

``selectors.search(Wanted(q="供热"))`` finds, ``selectors.suggest("供")`` helps typing, ``following.follow()`` keeps the
index at the log's end and ``following.rebuild()`` builds it anew. ``engine`` says what an engine must do.
"""
