"""Count as Zhan et al. 2026 do (repository szu-tera/LLMs4NER), so that people see how far a number depends on the scorer.

Their evaluator never sees the gold tokens. It compares the text that a model wrote with the text that it should have written. If
both are the same sentence without their marks, entities are compared by label and characters. If the model changed the sentence,
entities are compared by label and text alone, wherever they are: then wrong positions are forgiven. JSON lists are compared entry by
entry, without a look at the sentence.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

from ...counts import Counts
from ...formats import get_format, is_inline
from ...formats.tags import TAGS_KEY, TOKENS_KEY, TagsFormat
from ...labels import LabelSet
from ...sentence import SPACE, Join, Sentence
from ...tags import decode
from ..scored_run.run import Llms4nerScores

_BRACKETS = re.compile(r"(?P<opens>\[)|\|\s*(?P<label>[^\]]+)\]")
_LONGEST = 1000
"""Characters of an entity's text that are compared."""
_ENTRY_KEYS = {"occurrence": ("text", "occurrence_index"), "offset": ("text", "start", "end")}

Entry = tuple[str, Hashable]
"""Label of an entity, and what else it is compared by."""


def count_llms4ner(
    sentences: Sequence[Sentence],
    outputs: Iterable[str],
    format_name: str,
    labels: LabelSet,
    *,
    nested: bool,
    join: Join = SPACE,
) -> tuple[Llms4nerScores, list[Counts]]:
    """Count as that evaluator does, which reads an output as far as it goes.

    Args:
        sentences: Gold sentences.
        outputs: One output for each sentence, in the same order.
        format_name: Output format.
        labels: Labels as the prompt has them.
        nested: Whether entities may nest in the gold's text.
        join: Text between two tokens in the gold's text.

    Returns:
        The scores, and the counts of each sentence over all labels.
    """
    fmt = get_format(format_name, nested=nested, join=join)
    in_sentences: list[Counts] = []
    counted: dict[str, Counts] = {}
    forgiven = 0
    for sentence, output in zip(sentences, outputs, strict=True):
        gold_text = fmt.render(sentence, labels)
        if is_inline(format_name):
            gold, predicted, same = _compare_inline(gold_text, output, format_name, labels)
            forgiven += not same
        else:
            gold, predicted = (Counter(_entries(text, format_name)) for text in (gold_text, output))
        sides = (gold & predicted, predicted, gold)
        in_sentences.append(Counts(*(side.total() for side in sides)))
        by_label = [_by_label(side) for side in sides]
        for label in by_label[1] | by_label[2]:
            found = Counts(*(side[label] for side in by_label))
            counted[label] = counted.get(label, Counts()) + found
    return Llms4nerScores(forgiven, dict(sorted(counted.items()))), in_sentences


def _by_label(entries: Counter[Entry]) -> Counter[str]:
    found: Counter[str] = Counter()
    for (label, _), count in entries.items():
        found[label] += count
    return found


def _compare_inline(
    gold_text: str, output: str, format_name: str, labels: LabelSet
) -> tuple[Counter[Entry], Counter[Entry], bool]:  # fmt: skip
    """Return the entities of both texts, and whether they were compared by position."""
    read = _read_brackets if format_name == "bracketed" else _read_tags
    (clean, gold), (other, predicted) = read(gold_text, labels), read(output, labels)
    if clean == other:
        return Counter(gold), Counter(predicted), True
    return _without_positions(clean, gold), _without_positions(other, predicted), False


_Marked = tuple[str, list[tuple[str, tuple[int, int]]]]
"""A text without its marks, and for each entity its label and its characters (end exclusive)."""


def _without_positions(text: str, entities: list[tuple[str, tuple[int, int]]]) -> Counter[Entry]:
    """Return entities by label and text; very long texts are the same if they begin the same and are equally long."""
    return Counter((label, (text[start : min(end, start + _LONGEST)], end - start)) for label, (start, end) in entities)


def _read_brackets(text: str, labels: LabelSet) -> _Marked:
    """Read brackets: any `[` opens an entity, any `| LABEL]` closes the one that was opened last, whatever the label."""
    text = text.strip()
    marked = text[: text.rfind("]") + 1]  # behind it nothing closes, so that no search for an end is in vain
    parts: list[str] = []
    length = at = 0
    opened: list[int] = []
    entities: list[tuple[str, tuple[int, int]]] = []
    for mark in _BRACKETS.finditer(marked):
        before = text[at : mark.start()]
        parts.append(before if mark["opens"] else before.rstrip())
        length += len(parts[-1])
        at = mark.end()
        if mark["opens"]:
            opened.append(length)
        elif opened:
            start, label = opened.pop(), " ".join(mark["label"].split())
            if start < length and label:
                entities.append((label, (start, length)))
    return "".join(parts) + marked[at:] + text[len(marked) :].replace("[", ""), entities


def _read_tags(text: str, labels: LabelSet) -> _Marked:
    """Read tags of known labels: a closing tag takes the last open one of its label, and drops all that were opened after it."""
    names = "|".join(re.escape(name) for name in sorted(labels.names, key=len, reverse=True))
    parts: list[str] = []
    length = at = 0
    opened: list[tuple[str, int]] = []
    open_of: Counter[str] = Counter()
    entities: list[tuple[str, tuple[int, int]]] = []
    for mark in re.finditer(rf"<(?P<closes>/?)(?P<label>{names})>", text):
        parts.append(text[at : mark.start()])
        length += len(parts[-1])
        at, label = mark.end(), mark["label"]
        if not mark["closes"]:
            opened.append((label, length))
            open_of[label] += 1
        elif open_of[label]:
            other = ""
            while other != label:
                other, start = opened.pop()
                open_of[other] -= 1
            if start < length:
                entities.append((label, (start, length)))
    return "".join(parts) + text[at:], entities


def _entries(text: str, format_name: str) -> Iterator[Entry]:
    """Yield the entries of a JSON answer; nothing if it is not JSON, or if a number in it is not a number."""
    try:
        value = json.loads(text)
        if format_name == "grouped":
            groups = value.items() if isinstance(value, dict) else ()
            found: list[Entry] = [
                (str(label), str(name)) for label, names in groups if isinstance(names, list) for name in names
            ]
        elif format_name == TagsFormat.name:
            found = list(_tagged_entries(value))
        else:
            rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
            found = list(filter(None, (_entry(row, _ENTRY_KEYS[format_name]) for row in rows)))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return
    yield from found


def _tagged_entries(value: Any) -> Iterator[Entry]:
    """Yield the entities of tokens and tags, with their positions; nothing if there are not as many tags as tokens."""
    tokens, tags = ([str(item) for item in value[key]] for key in (TOKENS_KEY, TAGS_KEY))
    if len(tokens) == len(tags):
        for span in decode(tags, "IOB2")[0]:
            yield span.label, (" ".join(tokens[span.start : span.end]), span.start, span.end)


def _entry(row: dict[str, Any], keys: tuple[str, ...]) -> Any:
    values: list[Any] = [row.get(key) for key in ("label", *keys)]
    if any(value is None for value in values):
        return None
    label, text, *numbers = values
    return str(label), (str(text), *(int(number) for number in numbers))
