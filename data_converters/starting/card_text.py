"""The text of a new card, with comments that say what was guessed and what is left to fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from ...characters import escaped
from ...yaml_text import to_yaml

FIRST_LINE = "# Written by lmn-convert init"
"""Beginning of a card that `lmn-convert init` wrote."""
_WIDTH = 120


def card_text(keys: Mapping[str, Any], counts: Mapping[str, int], notes: Sequence[str]) -> str:
    """Return the text of a card.

    Args:
        keys: Keys of the card; a row of `labels` has `name`, and perhaps `corpus`.
        counts: Number of entities by label, as the corpus files write it.
        notes: What was guessed, one note a line.
    """
    lines = [f"{FIRST_LINE}. Fill in what is empty; everything else works as it is."]
    for note in notes:
        first, *more = wrap(escaped(note, keep=""), _WIDTH - 4, break_on_hyphens=False)
        lines += [f"# - {first}", *(f"#   {line}" for line in more)]
    lines += [f"name: {_flow(keys['name'])}", f"language: {_flow(keys['language'])}"]
    lines += [
        '# title: ""     # the name of the corpus in words',
        '# licence: ""   # what the corpus may be used for',
        '# citation: ""  # whom to cite; publishing a model needs these three',
        f"reader: {_flow(keys['reader'])}",
        f"docstart: {_flow(keys['docstart'])}",
    ]
    lines += ["nested: true"] if keys.get("nested") else []
    lines += [f"join: {_flow(keys['join'])}"] if "join" in keys else []
    lines.append("labels:")
    for row in keys["labels"]:
        name = row.get("corpus", row["name"])
        lines.append(f"  - name: {_flow(row['name'])} # {_counted(counts.get(name, 0))}")
        lines += [f"    corpus: {_flow(row['corpus'])}"] if "corpus" in row else []
        lines.append('    long: "" # the name in words, such as person')
        lines.append(f'    definition: "" # say in one line what counts as {escaped(row["name"], keep="")}')
    lines.append("splits:")
    for split, value in keys["splits"].items():
        if isinstance(value, str):
            lines.append(f"  {_flow(split)}: {_flow(value)}")
            continue
        lines += [f"  {_flow(split)}:", f"    file: {_flow(value['file'])}", "    sentences: >-"]
        lines += [f"      {line}" for line in wrap(value["sentences"], _WIDTH - 6)]
    return "\n".join(lines) + "\n"


def _counted(count: int) -> str:
    return "1 entity" if count == 1 else f"{count:,} entities"


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    text = to_yaml(value, width=float("inf"), flow=True)
    return text.strip().removesuffix("...").strip()
