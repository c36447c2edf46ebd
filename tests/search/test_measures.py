"""The measures of search run on a small corpus, and every engine finds what a plain scan finds."""

from tests.bench.bench_search import rows


def test_the_measures_run_and_nothing_planted_is_missed() -> None:
    measured = rows(1000, beside=False)
    recall = {row["alternative_name"]: (row["ours"], row["alternative"]) for row in measured if "recall" in row["name"]}
    assert recall["FTS5 bigram"] == (1.0, 1.0)
    # Trigrams find no word of two characters: the reason for pairs.
    ours, theirs = recall["FTS5 trigram"]
    assert ours == 1.0 and theirs < 0.9
