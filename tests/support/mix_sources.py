"""Two small corpora and a mix of them."""

from __future__ import annotations

from pathlib import Path

CARD = """\
name: {name}
title: {name}
language: en
licence: licence of {name}
citation: Cite {name}.
docstart: none
splits: {{train: t.conll, more: m.conll}}
reader: {{type: columns, scheme: IOB2, separator: tab}}
labels: [{labels}]
"""
MIX = """\
name: both
title: Both
language: en
test: {sentences: 4}
labels:
  - {name: PERSON, long: person, definition: Someone.}
  - {name: PLACE}
sources:
  - {card: one.yaml, map: {PER: PERSON, LOC: PLACE, MISC: null}}
  - {card: two.yaml, keep: [PLACE, TOWN], merge: {PLACE: [PLACE, TOWN]}}
"""


def write_source(folder: Path, name: str, labels: str, **files: str) -> None:
    """Write a card and its files. Semicolons separate sentences, spaces separate words, and an underscore comes before a tag."""
    (folder / f"{name}.yaml").write_text(
        CARD.format(name=name, labels=", ".join(f"{{name: {x}}}" for x in labels.split()))
    )
    (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        blocks = ["\n".join("\t".join((*word.split("_"), "O")[:2]) for word in s.split()) for s in text.split(";")]
        (folder / "data" / name / f"{file}.conll").write_text("\n\n".join(blocks) + "\n")


def write_sources(workdir: Path) -> Path:
    """Write two small corpora and a mix of them, and return their folder."""
    one = "Ada_B-PER met Bo_B-PER ; in Rome_B-LOC ; the Ada_B-MISC prize ; " + " ; ".join(f"one {n}" for n in range(20))
    write_source(workdir, "one", "PER LOC MISC", t=one, m="in Rome_B-LOC ; one 3 ; more")
    two = "in Rome ; to Ulm_B-TOWN and Asia_B-PLACE ; Ada_B-NAME ; o ne 5 ; " + " ; ".join(f"two {n}" for n in range(9))
    write_source(workdir, "two", "NAME PLACE TOWN", t=two, m="last")
    (workdir / "mix.yaml").write_text(MIX)
    return workdir
