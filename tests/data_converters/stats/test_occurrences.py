"""The words of entities where they are not annotated as one, against brute force."""

from __future__ import annotations

from collections import Counter, defaultdict

from harbour import CORPORA, Annotated, counted, entities_of, spans_of
from hypothesis import given, settings


@settings(max_examples=60, deadline=None)
@given(CORPORA)
def test_unmarked_words_boundaries_and_conflicts_are_those_of_brute_force(corpus: dict[str, list[Annotated]]) -> None:
    stats = counted(corpus)
    marked = Counter(words for _, words, _ in entities_of(corpus))
    whole = {(words[0].casefold(), *words[1:]) for words in marked if len(words) > 1}
    unmarked: Counter[tuple[str, ...]] = Counter()
    cut: Counter[tuple[str, ...]] = Counter()
    annotations = defaultdict(set)
    for tokens in [tokens for sentences in corpus.values() for tokens in sentences]:
        words = tuple(token for token, _ in tokens)
        annotations[words].add(tuple(tokens))
        for start in range(len(words)):
            for end in range(start + 1, len(words) + 1):
                run_of, touching = words[start:end], [s for s in spans_of(tokens) if s[0] < end and start < s[1]]
                unmarked[run_of] += run_of in marked and not touching
                inside = all(start <= s[0] and s[1] <= end and s[:2] != (start, end) for s in touching)
                folded = (run_of[0].casefold(), *run_of[1:])
                cut[folded] += folded in whole and bool(touching) and inside
    expected = {" ".join(words): count for words, count in unmarked.items() if 0 < count < marked[words]}
    assert {found.annotations[-1].text: found.odd for found in stats.findings["unmarked"]} == expected
    sides = Counter(
        (sum(n for words, n in marked.items() if (words[0].casefold(), *words[1:]) == key), count)
        for key, count in cut.items() if count
    )  # fmt: skip
    for finding in stats.findings["boundary"]:
        odd, usual = finding.odd, finding.total - finding.odd
        assert odd <= usual
        side = (usual, odd) if sides[usual, odd] else (odd, usual)
        sides[side] -= 1
    assert not +sides
    conflicts = [words for words, found in annotations.items() if len(found) > 1]
    assert len(stats.findings["conflicting-sentence"]) == len(conflicts)
