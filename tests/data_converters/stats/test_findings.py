"""Findings: what is named, where, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

from harbour import sentence, write

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.stats import Finding, corpus_stats


def shown(found: list[Finding]) -> list[list[tuple[str, int, bool, list[int]]]]:
    """Findings as plain lists: text, count, whether odd, lines."""
    return [[(v.text, v.count, v.odd, [where.line for where in v.places]) for v in one.annotations] for one in found]


def test_findings_name_what_to_look_at_and_where(workdir: Path) -> None:
    train = [
        "-DOCSTART-/O",
        "Vaasa/B-PORT is/O open/O",
        "Vaasa/B-PORT and/O The/B-PORT Hague/I-PORT",
        "off/O the/O Hague/B-PORT",
        "Anna/B-SHIP left/O Vaasa/O",
        "Anna/B-SHIP left/O ,/B-PORT",
        "Vaasa/B-PORT Vaasa/B-PORT Vaasa/B-PORT Vaasa/B-SHIP",
    ]
    test = ["Anna/B-SHIP left/O Vaasa/B-PORT", "Anna/B-SHIP ,/I-SHIP " + "a/I-SHIP " * 4 + "./O"]
    card = write(workdir, {"train": [sentence(text) for text in train], "test": [sentence(text) for text in test]})
    stats = corpus_stats(card, source=workdir)
    vaasa = ("[Vaasa | PORT]", 6, False, [3, 7, 24, 24, 24, 1])
    assert {kind: shown(findings) for kind, findings in stats.findings.items()} == {
        "conflicting-sentence": [
            [("[Anna | SHIP] left Vaasa", 1, False, [16]), ("[Anna | SHIP] left [Vaasa | PORT]", 1, True, [1])]
        ],
        "rare-label": [[vaasa, ("[Vaasa | SHIP]", 1, True, [24])]],
        "unmarked": [[vaasa, ("[Vaasa | SHIP]", 1, False, [24]), ("Vaasa", 1, True, [16])]],
        "boundary": [[("[The Hague | PORT]", 1, False, [7]), ("the [Hague | PORT]", 1, True, [12])]],
        "punctuation-only": [[("[, | PORT]", 1, True, [20])]],
        "punctuation-edge": [],
        "long": [[("[Anna , a a a a | SHIP]", 1, True, [5])]],
    }
    assert shown(stats.ambiguous) == [[vaasa, ("[Vaasa | SHIP]", 1, True, [24])]]
    assert shown(stats.shared) == [
        [("train: Anna left Vaasa", 1, False, [16]), ("test: Anna left Vaasa", 1, True, [1])]
    ]
    counts = stats.splits["train"]
    assert (counts.docstarts, counts.sentences, counts.tokens, counts.without_entities) == (1, 6, 20, 0)


def test_the_most_suspicious_come_first(workdir: Path) -> None:
    mostly, often = ["Oslo/B-PORT"] * 9, ["Bergen/B-PORT"] * 11 + ["Bergen/O"] * 10
    edges = [
        "Rome/B-PORT ./I-PORT",
        "Turku/B-PORT",
        *["Turku/B-PORT ,/I-PORT"] * 2,
        '"/B-SHIP Anna/I-SHIP',
        '"/B-PORT ./I-PORT',
    ]
    lines = [*often, *mostly, "Oslo/O", *edges]
    stats = corpus_stats(write(workdir, {"train": [sentence(text) for text in lines]}), source=workdir)
    assert [found.annotations[-1].text for found in stats.findings["unmarked"]] == ["Oslo", "Bergen"]
    assert [found.annotations[-1].text for found in stats.findings["punctuation-edge"]] == [
        "[Turku , | PORT]",
        '[" Anna | SHIP]',
        "[Rome . | PORT]",
    ]
    assert [found.annotations[-1].text for found in stats.findings["punctuation-only"]] == ['[" . | PORT]']


def test_a_mention_inside_a_longer_entity_is_not_unmarked_and_percent_is_no_punctuation(workdir: Path) -> None:
    lines = ["York/B-PORT", "New/B-PORT York/I-PORT", "5/B-SHIP %/I-SHIP", "New/O York/O City/O"]
    stats = corpus_stats(write(workdir, {"train": [sentence(text) for text in lines]}), source=workdir)
    assert not any(stats.findings.values())  # once an entity, once not: no more often than not


def test_what_is_found_in_wikigold_stands_there(corpora: Path) -> None:
    stats = corpus_stats(load_card("wikigold"), source=corpora / "wikigold")
    lines = (corpora / "wikigold/wikigold.conll.txt").read_text(encoding="utf-8").split("\n")
    looked = 0
    for found in [*stats.findings.values(), stats.ambiguous, stats.shared]:
        for annotation in [annotation for finding in found for annotation in finding.annotations]:
            text = re.sub(r"^(train|dev|test): ", "", annotation.text)
            words = re.sub(r" \| (ORG|PER|LOC|MISC)\]", "", re.sub(r"\[(?=\S)", "", text))
            for where in annotation.places:
                end = lines.index("", where.line - 1)
                here = " ".join(line.split(" ")[0] for line in lines[where.line - 1 : end])
                assert f" {words} " in f" {here} "
                looked += 1
    assert looked > 100
