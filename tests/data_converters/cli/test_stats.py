"""The command `lmn-convert stats`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from harbour import SMALL, run, sentence, write
from paths import ROOT
from strict_html import parsed

from llms_meet_ner.data_converters.stats.page import LISTED


def test_the_whole_output(workdir: Path) -> None:
    write(workdir, SMALL)
    assert run(".").stdout == (ROOT / "tests/fixtures/stats/harbour.txt").read_text(encoding="utf-8")


def test_missing_splits_are_named_and_left_out_unless_asked_for(workdir: Path) -> None:
    write(workdir, {"test": SMALL["test"]})
    result = run(".", "--page", "stats.html")
    assert result.stdout.startswith("harbour train: train.conll is missing: not counted\n")
    assert "Not read, because the files are not there: train." in (workdir / "stats.html").read_text()
    assert "train.conll: no such file; --source DIR names the folder" in run(".", "--split", "train", code=1).stderr
    (workdir / "test.conll").unlink()
    assert "train.conll: no such file; --source DIR names the folder" in run(".", code=1).stderr


def test_a_file_that_cannot_be_decoded_is_an_error_with_its_place(workdir: Path) -> None:
    write(workdir, SMALL)
    with (workdir / "test.conll").open("ab") as file:
        file.write(b"\nVaasa\xff\tO\n")
    result = run(".", "--json", "stats.json", code=1)
    assert re.match(r"Error: \S*test\.conll:\d+: ", result.stderr)
    assert not (workdir / "stats.json").exists()


def test_findings_that_converting_refuses_are_named_and_left_out(workdir: Path) -> None:
    write(workdir, {"train": [*SMALL["train"], sentence("Ida/B-CREW Anna/B-SHIP x/I-PORT")], "test": SMALL["test"]})
    result = run(".", "--json", "stats.json", "--page", "stats.html", "--repair", "error", code=1)
    first = "(first at train.conll:10)"
    assert result.stderr == (
        f"harbour train: 1 x a tag that its scheme does not allow at its place: 1 I- where IOB2 has B- (first at train.conll:12)\n"
        f"harbour train: 1 x a label that the card does not list: 'CREW' (1) {first}\n"
        "Error: converting would stop at 2 of these problems; "
        "lmn-convert check card.yaml lists them\n"
    )
    split = json.loads((workdir / "stats.json").read_text())["splits"]["train"]
    assert split["problems"] == {"invalid-transition": 1, "unknown-label": 1}
    assert split["problems_fatal"] == 2
    assert {label: row["count"] for label, row in split["labels"].items()} == {"SHIP": 2, "PORT": 2}
    assert f"train: 1 x a label that the card does not list</bdi> {first}" in (workdir / "stats.html").read_text()
    mended = run(".", "--repair", "discard", code=1)
    assert "Error: converting would stop at 1 of these problems" in mended.stderr


def test_an_empty_corpus_and_one_without_entities_have_stats_too(workdir: Path) -> None:
    write(workdir, {"train": [], "test": [sentence("no/O news/O")]})
    result = run(".", "--page", "stats.html")
    assert re.search(r"^entities +0 +0\n", result.stdout, re.M)
    parsed((workdir / "stats.html").read_text())


def test_only_the_first_findings_are_listed(workdir: Path) -> None:
    write(workdir, {"train": [sentence(f"{number}/B-SHIP ./I-SHIP") for number in range(LISTED + 3)], "test": []})
    result = run(".", "--limit", "2", "--page", "stats.html")
    assert (
        "    train.conll:1: [0 . | SHIP]\n    train.conll:4: [1 . | SHIP]\n    and 51 more (--limit 0 lists all)\n"
        in result.stdout
    )
    assert "[52 . | SHIP]" in run(".", "--limit", "0").stdout
    page = (workdir / "stats.html").read_text()
    assert page.count(" . | SHIP]</bdi>") == LISTED
    assert '<p class="dim">and 3 more</p>' in page
