"""Long outputs that are built to make reading them slow, by format; each grows linearly with its number of tokens."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from typing import NamedTuple

from llms_meet_ner import LabelSet, Span
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import outer_first

LABELS = LabelSet.of("PER", "LOC", "X")
_WORDS = ["the", "of", "Ada", "York", "in", "a", "to", "and", "Bank", "said"]


class Case(NamedTuple):
    """An output and its sentence.

    Attributes:
        tokens: Tokens of the sentence.
        output: What a model may have written.
    """

    tokens: tuple[str, ...]
    output: str


Build = Callable[[str, int, bool], Case]
"""Makes a case from the name of a format, a number of tokens, and whether entities may nest."""


def _distinct(count: int) -> tuple[str, ...]:
    return tuple(f"w{number}" for number in range(count))


def _few(count: int) -> tuple[str, ...]:
    return tuple(random.Random(count).choices(_WORDS, k=count))


def _written(name: str, tokens: Iterable[str], spans: Iterable[Span]) -> str:
    return get_inline_format(name, nested=True).write(tuple(tokens), sorted(spans, key=outer_first))


def _pairs(count: int) -> list[Span]:
    """Return an entity of two tokens at every fourth token."""
    return [Span(at, at + 2, ("PER", "LOC", "X")[at % 3]) for at in range(0, count - 1, 4)]


def _marks(name: str, label: str = "PER") -> tuple[str, str]:
    return get_inline_format(name).marks(label)


# outputs of the formats that write the sentence again


def _exact(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, _written(name, tokens, _pairs(count)))


def _equal_words(name: str, count: int, nested: bool) -> Case:
    written = ("a",) * (count - count // 10)
    return Case(("a",) * count, _written(name, written, _pairs(len(written))))


def _shuffled(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, _written(name, random.Random(count).sample(tokens, count), _pairs(count)))


def _shuffled_few(name: str, count: int, nested: bool) -> Case:
    tokens = _few(count)
    return Case(tokens, _written(name, random.Random(1).sample(tokens, count), _pairs(count)))


def _reversed(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, _written(name, tokens[::-1], _pairs(count)))


def _closer_like(name: str, count: int, nested: bool) -> Case:
    words = ["a", "|", "PER]", "b", "]"] if name == "bracketed" else ["a", "</PER>", "<PER>", "b", "<LOC"]
    tokens = tuple((words * count)[:count])
    return Case(tokens, _written(name, tokens, [Span(at, at + 1, "PER") for at in range(0, count, 5)]))


def _closer_like_only(name: str, count: int, nested: bool) -> Case:
    """Words that are marks, nested as deep as they go, so that nearly every mark can be read in two ways."""
    words = ["[a", "|", "PER]"] if name == "bracketed" else ["<PER>a", "</PER>", "<PER>a</PER>"]
    tokens = tuple((words * count)[:count])
    depth = min(count // 3, 20) if nested else 1
    return Case(tokens, _written(name, tokens, [Span(at, count, "PER") for at in range(depth)]))


def _swapped_closers(name: str, count: int, nested: bool) -> Case:
    """Entities over the same token that close in another order than they are written in, between words that are marks."""
    words = ["a", "|", "PER]", "b"] if name == "bracketed" else ["a", "<PER>", "</PER>", "b"]
    tokens = tuple((words * count)[:count])
    (one, end_one), (other, end_other) = _marks(name), _marks(name, "LOC")
    written = [f"{one}{other}{token}{end_other}{end_one}" if token == "a" else token for token in tokens[:-8]]
    return Case(tokens, " ".join([*written, *tokens[-8:]]))


def _closer_like_shuffled(name: str, count: int, nested: bool) -> Case:
    case = _closer_like(name, count, nested)
    words = case.output.split(" ")
    random.Random(2).shuffle(words)
    return Case(case.tokens, " ".join(words))


def _unclosed(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, " ".join(_marks(name)[0] + token for token in tokens))


def _unopened(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, " ".join(token + _marks(name)[1] for token in tokens))


def _unclosed_then_closed(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    opener, closer = _marks(name)
    return Case(tokens, " ".join(opener + token for token in tokens) + closer * count)


def _deep(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, _written(name, tokens, [Span(at, count - at, "PER") for at in range(count // 2)]))


def _deep_damaged(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), _deep(name, count, nested).output.replace("w7 ", "w8 "))


def _one_start(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, _written(name, tokens, [Span(0, end, "PER") for end in range(1, count + 1)]))


def _doubled(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    opener, closer = _marks(name)
    return Case(tokens, " ".join(opener * 2 + token + closer * 2 for token in tokens))


def _crossing(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    (one, end_one), (other, end_other) = _marks(name), _marks(name, "LOC")
    words = [f"{one}{a} {other}{b}{end_one} {c}{end_other}" for a, b, c in zip(*[iter(tokens)] * 3)]
    return Case(tokens, " ".join(words))


def _many_times(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, " ".join([_written(name, tokens, _pairs(count))] * 10))


def _empty(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), "" if name in ("bracketed", "xml") else "[]")


def _one_word(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), _written(name, ("w7",), [Span(0, 1, "PER")]))


def _combining(name: str, count: int, nested: bool) -> Case:
    tokens = ("a" + "\u0301\u0316" * (5 * count // 2), *_distinct(count // 2))
    return Case(tokens, _written(name, (tokens[0][:-1], *tokens[1:]), _pairs(len(tokens))))


def _unspaced(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return Case(tokens, "".join(_written(name, tokens, _pairs(count)).split()))


def _letters(name: str, count: int, nested: bool) -> Case:
    """A text without white space in a script without spaces, shuffled."""
    tokens = tuple(chr(0x4E00 + number % 20_000) for number in range(count))
    return Case(tokens, _written(name, random.Random(3).sample(tokens, count), _pairs(count)).replace(" ", ""))


def _one_token(name: str, count: int, nested: bool) -> Case:
    token = "ab" * (5 * count)
    return Case((token,), _written(name, (token[:-1] + "c",), [Span(0, 1, "PER")]))


def _changed_words(name: str, count: int, nested: bool) -> Case:
    tokens = tuple(f"{word}{number}" for number, word in enumerate(_few(count)))
    return Case(tokens, _written(name, [f"x{token}" for token in tokens], _pairs(count)))


def _unknown_labels(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    spans = [Span(at, at + 1, f"label{at}") for at in range(count)]
    return Case(tokens, _written(name, tokens, spans))


def _literal_marks(name: str, count: int, nested: bool) -> Case:
    """A sentence that holds thousands of different marks itself, and an output with marks of its own and a lost word."""
    tokens = tuple(
        (f"<t{number}>" if name == "xml" else f"|t{number}]") if number % 2 else f"w{number}" for number in range(count)
    )
    return Case(tokens, _written(name, tokens[1:], _pairs(count - 1)))


def _wide_marks(name: str, count: int, nested: bool) -> Case:
    """Marks with full-width brackets inside, all different."""
    tokens = tuple(f"<＜t{number}>" if name == "xml" else f"［t{number}］" for number in range(count))
    return Case(tokens, _written(name, tokens[1:], _pairs(count - 1)))


def _only_openers(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), _marks(name)[0] * (5 * count))


def _openers_as_words(name: str, count: int, nested: bool) -> Case:
    tokens = (_marks(name)[0].strip(),) * count
    return Case(tokens, _written(name, tokens[:-1], _pairs(count - 1)))


def _marks_as_words_unspaced(name: str, count: int, nested: bool) -> Case:
    case = _closer_like(name, count, nested)
    return Case(case.tokens, "".join(case.output.split()))


def _openers_as_words_unspaced(name: str, count: int, nested: bool) -> Case:
    tokens = (_marks(name)[0].strip(),) * count
    return Case(tokens, "".join(_written(name, tokens, _pairs(count)).split()))


def _damaged_marks_unspaced(name: str, count: int, nested: bool) -> Case:
    """Marks that nothing opens or closes, in a text that is the sentence without its white space; half its words are marks."""
    opener, closer = _marks(name, "FOO")
    tokens = tuple(("a", opener.strip()) * (count // 2))
    return Case(tokens, "".join(f"{opener}{token}{closer * 2}" for token in tokens).replace(" ", ""))


def _blank_tokens(name: str, count: int, nested: bool) -> Case:
    tokens = tuple("\u00a0" if number % 2 else "aB" for number in range(count))
    if name in ("bracketed", "xml"):
        return Case(tokens, _written(name, tokens[1:], _pairs(count - 1)))
    return _listing(name, tokens, [(text, "PER", 1) for text in ["ab", "aBx", "Ba"] for _ in range(count)])


INLINE: dict[str, Build] = {
    "exact": _exact,
    "equal words, some lost": _equal_words,
    "shuffled words": _shuffled,
    "shuffled, few distinct": _shuffled_few,
    "reversed": _reversed,
    "closer-like words": _closer_like,
    "closer-like words only": _closer_like_only,
    "closer-like, shuffled": _closer_like_shuffled,
    "swapped closers": _swapped_closers,
    "unclosed openers": _unclosed,
    "unopened closers": _unopened,
    "all closed at the end": _unclosed_then_closed,
    "deep nesting": _deep,
    "deep nesting, damaged": _deep_damaged,
    "all from the first word": _one_start,
    "every entity twice": _doubled,
    "crossing entities": _crossing,
    "sentence ten times": _many_times,
    "empty": _empty,
    "one word": _one_word,
    "combining characters": _combining,
    "no white space": _unspaced,
    "no white space, shuffled": _letters,
    "one long token": _one_token,
    "every word changed": _changed_words,
    "unknown labels": _unknown_labels,
    "marks in the sentence": _literal_marks,
    "wide marks": _wide_marks,
    "openers only": _only_openers,
    "openers as words": _openers_as_words,
    "openers as words, unspaced": _openers_as_words_unspaced,
    "marks as words, unspaced": _marks_as_words_unspaced,
    "damaged marks, unspaced": _damaged_marks_unspaced,
    "blank tokens": _blank_tokens,
}


# outputs of the JSON formats: a list of (text, label, occurrence)


def _listing(name: str, tokens: tuple[str, ...], rows: Iterable[tuple[str, str, int]]) -> Case:
    """Write rows in a JSON format; offsets are those of the first place of the text."""
    if name == "grouped":
        lists: dict[str, list[str]] = {label.name: [] for label in LABELS}
        for text, label, _ in rows:
            lists.setdefault(label, []).append(text)
        return Case(tokens, json.dumps(lists, ensure_ascii=False))
    if name == "occurrence":
        listed: list[dict[str, object]] = [
            {"text": text, "label": label, "occurrence_index": index} for text, label, index in rows
        ]
        return Case(tokens, json.dumps(listed, ensure_ascii=False))
    source = " ".join(tokens)
    first: dict[str, int] = {}
    listed = []
    for text, label, index in rows:
        if text not in first:
            first[text] = max(source.find(text, 0, 20_000), 0)
        start = first[text] + 2 * (index - 1)
        listed.append({"text": text, "label": label, "start": start, "end": start + len(text)})
    return Case(tokens, json.dumps(listed, ensure_ascii=False))


def _every_token(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(token, "PER", 1) for token in tokens])


def _repeated(name: str, count: int, nested: bool) -> Case:
    return _listing(name, ("a",) * count, [("a", "PER", number + 1) for number in range(count)])


def _repeated_too_often(name: str, count: int, nested: bool) -> Case:
    return _listing(name, ("a",) * count, [("a", "PER", number + 1) for number in range(3 * count)])


def _repeated_by_labels(name: str, count: int, nested: bool) -> Case:
    rows = [("a", label, number + 1) for label in ("PER", "LOC", "X") for number in range(count // 2)]
    return _listing(name, ("a",) * count, rows)


def _repeated_pairs(name: str, count: int, nested: bool) -> Case:
    tokens = tuple("ab"[number % 2] for number in range(count))
    rows = [("a b", "PER", 1 + number) for number in range(count // 3)]
    return _listing(name, tokens, [*rows, *(("b a", "LOC", 1 + number) for number in range(count // 3))])


def _repeated_few(name: str, count: int, nested: bool) -> Case:
    tokens = _few(count)
    return _listing(name, tokens, [(token, ("PER", "LOC", "X")[number % 3], 1) for number, token in enumerate(tokens)])


def _longer_and_longer(name: str, count: int, nested: bool) -> Case:
    rows, size = [], 0
    for number in range(1, count):
        size += 2 * number
        if size > 20 * count:
            break
        rows.append((" ".join(["a"] * number), "PER", 1))
    return _listing(name, ("a",) * count, rows)


def _foreign(name: str, count: int, nested: bool) -> Case:
    return _listing(name, _distinct(count), [(f"unheard{number}", "PER", 1) for number in range(count)])


def _similar(name: str, count: int, nested: bool) -> Case:
    tokens = tuple(f"{word}{number:05}" for number, word in enumerate(_few(count)))
    return _listing(name, tokens, [(f"{token}x", "PER", 1) for token in tokens])


def _other_case(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(token.upper(), "PER", 1) for token in tokens])


def _respaced(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(tokens[at] + tokens[at + 1], "PER", 1) for at in range(0, count - 1, 2)])


def _parts_of_words(name: str, count: int, nested: bool) -> Case:
    tokens = tuple(f"w{number}w" for number in range(count))
    return _listing(name, tokens, [(token[1:], "PER", 1) for token in tokens])


def _unnumbered(name: str, count: int, nested: bool) -> Case:
    return _listing(name, ("a",) * count, [("a", "PER", 10**8) for _ in range(count)])


def _whole_sentence(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    length = len(" ".join(tokens))
    rows = [{"text": "a", "label": "PER", "start": at % 7, "end": length, "occurrence_index": 1} for at in range(count)]
    return Case(tokens, json.dumps(rows if name != "grouped" else {"PER": ["w1 w2"] * count}))


def _long_places(name: str, count: int, nested: bool) -> Case:
    """Crossing spans of about a hundred tokens with a text of another form."""
    tokens = _distinct(count)
    source = " ".join(tokens)
    rows = []
    for at in range(0, count, 10):
        start = source.find(tokens[at])
        text = source[start : start + 500].upper()
        rows.append({"text": text, "label": "PER", "start": start, "end": start + len(text), "occurrence_index": 1})
    if name == "grouped":
        return Case(tokens, json.dumps({"PER": [row["text"] for row in rows], "LOC": [], "X": []}))
    return Case(tokens, json.dumps(rows))


def _twice(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(token, label, 1) for token in tokens for label in ("PER", "LOC", "PER")])


def _strange_labels(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(token, f"label{number}", 1) for number, token in enumerate(tokens)])


def _ten_times(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    return _listing(name, tokens, [(token, "PER", 1) for _ in range(10) for token in tokens])


def _damaged(name: str, count: int, nested: bool) -> Case:
    case = _every_token(name, count, nested)
    return Case(case.tokens, case.output.replace('"', "'"))


def _cut_off(name: str, count: int, nested: bool) -> Case:
    case = _every_token(name, count, nested)
    return Case(case.tokens, case.output[:-3])


def _brackets(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), "[" * (5 * count) + "]" * (5 * count))


def _objects(name: str, count: int, nested: bool) -> Case:
    return Case(_distinct(count), "[" + ", ".join(["{}", "[]", "[{}]", '{"PER": [[], {}]}'] * count) + "]")


def _same_key(name: str, count: int, nested: bool) -> Case:
    tokens = _distinct(count)
    if name == "grouped":
        return Case(tokens, "{" + ", ".join(f'"PER": ["{token}"]' for token in tokens) + "}")
    return Case(tokens, "[{" + ", ".join(f'"text": "{token}", "label": "PER"' for token in tokens) + "}]")


def _number(name: str, count: int, nested: bool) -> Case:
    digits = "9" * (5 * count)
    if name == "grouped":
        return Case(_distinct(count), f'{{"PER": [{digits}], "LOC": [], "X": []}}')
    fields = f'"occurrence_index": {digits}, "start": {digits}, "end": {digits}'
    return Case(_distinct(count), f'[{{"text": "w1", "label": "PER", {fields}}}]')


def _combining_texts(name: str, count: int, nested: bool) -> Case:
    long = "a" + "\u0301\u0316" * (5 * count // 2)
    return _listing(name, (long, *_distinct(count // 2)), [(long[:-1], "PER", 1), ("w1", "PER", 1)])


def _combining_rows(name: str, count: int, nested: bool) -> Case:
    token = "a\u0316\u0301"
    return _listing(name, (token,) * count, [("\u00e1\u0316", "PER", number + 1) for number in range(count)])


def _long_token(name: str, count: int, nested: bool) -> Case:
    token = "ab" * (5 * count)
    return _listing(name, (token,), [("ab" * number, "PER", 1) for number in range(1, 100)])


def _without_space(name: str, count: int, nested: bool) -> Case:
    case = _repeated(name, count, nested)
    return Case(case.tokens, "".join(case.output.split()))


JSON: dict[str, Build] = {
    "every token": _every_token,
    "repeated mentions": _repeated,
    "more mentions than places": _repeated_too_often,
    "labels compete": _repeated_by_labels,
    "pairs compete": _repeated_pairs,
    "few distinct mentions": _repeated_few,
    "longer and longer": _longer_and_longer,
    "foreign texts": _foreign,
    "similar texts": _similar,
    "other case": _other_case,
    "no spaces": _respaced,
    "parts of words": _parts_of_words,
    "no usable number": _unnumbered,
    "all over the sentence": _whole_sentence,
    "long crossing spans": _long_places,
    "every entity twice": _twice,
    "unknown labels": _strange_labels,
    "list ten times": _ten_times,
    "damaged": _damaged,
    "cut off": _cut_off,
    "brackets only": _brackets,
    "objects in objects": _objects,
    "one key again and again": _same_key,
    "long number": _number,
    "empty": _empty,
    "combining characters": _combining_texts,
    "combining mentions": _combining_rows,
    "one long token": _long_token,
    "no white space": _without_space,
    "blank tokens": _blank_tokens,
}

ADVERSARIES: dict[str, dict[str, Build]] = {
    "bracketed": INLINE,
    "xml": INLINE,
    "grouped": JSON,
    "occurrence": JSON,
    "offset": JSON,
}
