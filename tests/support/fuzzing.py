"""Damages outputs, corpus files, cards and prediction files at random, reads them, and says what must not happen.

A round is a seed: the same seed damages the same things in the same way, so a failure is repeated by its round.
"""

from __future__ import annotations

import json
import random
import signal
import tempfile
import traceback
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any, NamedTuple

from held_corpora import Held, held
from operations import operations
from paths import ROOT

from llms_meet_ner.alignment import EXACT, FAILED, REASONS, STATUSES, Alignment
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.analysis import analyse, examine, pair_up
from llms_meet_ner.eval.scoring.aligned import align_predictions, aligning, judge
from llms_meet_ner.eval.scoring.counts import score
from llms_meet_ner.eval.scoring.predictions import read_predictions
from llms_meet_ner.formats import OutputFormat, format_names, get_format
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.reading import read_output
from llms_meet_ner.records import Answer, PredictionRecord
from llms_meet_ner.sentence import Sentence, tokens_sha1

SHORTEST = 15
"""Tokens of the shortest sentence whose outputs are damaged."""
PATIENCE = 5.0
"""Processor seconds that reading one thing may take."""
STEPS = 300
"""Steps of Python for each character of output and sentence that reading an output may take; 1 in `COUNTED` is counted."""
COUNTED = 500


class Pool(NamedTuple):
    """The sentences of a split whose outputs are damaged."""

    corpus: str
    labels: LabelSet
    nested: bool
    sentences: list[Sentence]


class Failure(NamedTuple):
    """Something that must not happen: what was read, the round's seed, and what happened."""

    kind: str
    seed: str
    what: str


@dataclass
class Tally:
    """How many things were tried, by kind, and what failed.

    Attributes:
        tried: Number of things by kind.
        failures: What failed.
        undamaged: Number of outputs that came out of the damage as they were.
        statuses: Number of alignments by format and status.
        lengths: Number of sentences by their number of tokens.
        steps: Most steps for each character that reading an output took, among those that were counted.
    """

    tried: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    undamaged: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    steps: float = 0.0

    def add(self, other: Tally) -> None:
        """Add what another round tried."""
        self.tried += other.tried
        self.failures += other.failures
        self.undamaged += other.undamaged
        self.statuses += other.statuses
        self.lengths += other.lengths
        self.steps = max(self.steps, other.steps)

    @property
    def median(self) -> float:
        """Median number of tokens of the sentences."""
        return median(self.lengths.elements()) if self.lengths else 0

    def lines(self) -> Iterator[str]:
        """Yield what was tried and what failed, by kind."""
        failed = Counter(failure.kind for failure in self.failures)
        yield f"{'kind':<28}{'tried':>12}{'failed':>9}   exact / repaired / failed to read"
        for kind, tried in sorted(self.tried.items()):
            statuses = [self.statuses[f"{kind} {status}"] for status in STATUSES]
            shown = " / ".join(f"{count:,}" for count in statuses) if any(statuses) else ""
            yield f"{kind:<28}{tried:>12,}{failed[kind]:>9,}   {shown}"
        yield f"{'all':<28}{self.tried.total():>12,}{len(self.failures):>9,}"
        if self.lengths:
            yield f"outputs that came out undamaged: {self.undamaged:,} of {self.lengths.total():,}"
            yield f"median tokens of a sentence: {self.median:g}; most steps a character: {self.steps:.0f} (allowed: {STEPS})"


class SlowError(Exception):
    """Reading took longer than `PATIENCE`."""


@contextmanager
def patience() -> Iterator[None]:
    """Stop the block with `SlowError` when it has used too much processor time. Only in the main thread."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SlowError(f"more than {PATIENCE} s of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@contextmanager
def watched(tally: Tally, kind: str, seed: str, what: Callable[[], str]) -> Iterator[None]:
    """Note whatever the block raises as a failure, with the end of its traceback."""
    try:
        with patience():
            yield
    except Exception as error:  # anything is a failure here
        place = traceback.extract_tb(error.__traceback__)[-1]
        raised = f"{type(error).__name__}: {str(error)[:300]} at {Path(place.filename).name}:{place.lineno}"
        tally.failures.append(Failure(kind, seed, f"{raised}; {what()[:3000]}"))


@contextmanager
def refusal() -> Iterator[None]:
    """Allow the block to raise an `LmnError` with a message of bounded length."""
    try:
        yield
    except LmnError as error:
        if len(str(error)) > 8000:
            raise AssertionError("a message without end") from error


def pools(splits: Sequence[Held], most: int = 300) -> list[Pool]:
    """Return some of the longer sentences of splits."""
    found = []
    for card, split, source in splits:
        log = ProblemLog(keep_going=True)
        read = [sentence for sentence in read_corpus(card, split, source, log=log) if len(sentence.tokens) >= SHORTEST]
        step = max(1, len(read) // most)
        if read:
            found.append(Pool(f"{card.name} {split}", card.labels, card.nested, read[::step][:most]))
    return found


# Damage to texts

MARKS = [
    "[", "]", "|", " | ", "]]", "[[", "[]", "| PER]", "<", ">", "</", "/>", "<PER>", "</PER>", "<b>", "&lt;", "{", "}", '"', "'", "\\",
    ":", ",", "null", "true", "[{}]", '{"text": ', "\\u0000", "\\ud800", "\\n", "\n", "\r\n", "\t", "\x00", "\x1b[2J", "\u2028", "\u200b",
    "\u202e", "\ufeff", "\u00a0", "é", "e\u0301", "İ", "ß", "ﬁ", "😀", "👩\u200d🚀", "中", "\ud800", " ", "  ", "0", "-1", "1e9", "1.5", "9" * 25,
    "```", "```json\n", "<think>", "</think>", "Here is the answer: ", "(", ")", "/", "=", "*", "#", "N/A", "B-PER", "O", "...", "…",
]  # fmt: skip


def _slice(drawn: random.Random, text: str) -> tuple[int, int]:
    start = drawn.randrange(len(text) + 1)
    return start, min(len(text), start + drawn.choice([1, 1, 2, 5, 12, 40]))


def delete(drawn: random.Random, text: str, other: str) -> str:
    """Leave a piece out."""
    start, end = _slice(drawn, text)
    return text[:start] + text[end:]


def repeat(drawn: random.Random, text: str, other: str) -> str:
    """Write a piece several times."""
    start, end = _slice(drawn, text)
    return text[:start] + text[start:end] * drawn.choice([2, 2, 3, 10]) + text[end:]


def swap(drawn: random.Random, text: str, other: str) -> str:
    """Exchange two pieces."""
    start, middle, end = sorted(drawn.randrange(len(text) + 1) for _ in range(3))
    return text[:start] + text[middle:end] + text[start:middle] + text[end:]


def insert(drawn: random.Random, text: str, other: str) -> str:
    """Put a mark somewhere."""
    at = drawn.randrange(len(text) + 1)
    return text[:at] + drawn.choice(MARKS) + text[at:]


def replace_character(drawn: random.Random, text: str, other: str) -> str:
    """Put a mark where a character was."""
    at = drawn.randrange(len(text) + 1)
    return text[:at] + drawn.choice(MARKS) + text[at + 1 :]


def cut(drawn: random.Random, text: str, other: str) -> str:
    """Cut the end off."""
    return text[: drawn.randrange(len(text) + 1)]


def without_mark(drawn: random.Random, text: str, other: str) -> str:
    """Leave out all of one kind of character."""
    return text.replace(drawn.choice('[]|<>/{}":, ') if drawn.random() < 0.8 or not text else drawn.choice(text), "")


def other_case(drawn: random.Random, text: str, other: str) -> str:
    """Change the case of a piece."""
    start, end = sorted(drawn.randrange(len(text) + 1) for _ in range(2))
    return text[:start] + drawn.choice([str.upper, str.lower, str.title])(text[start:end]) + text[end:]


def words(drawn: random.Random, text: str, other: str) -> str:
    """Leave words out, double, exchange or borrow them."""
    found = text.split(" ")
    at = drawn.randrange(len(found))
    fate = drawn.randrange(5)
    if fate == 0:
        del found[at]
    elif fate == 1:
        found.insert(at, found[at])
    elif fate == 2:
        to = drawn.randrange(len(found))
        found[at], found[to] = found[to], found[at]
    elif fate == 3:
        found[at] = drawn.choice(other.split(" "))
    else:
        drawn.shuffle(found)
    return " ".join(found)


def spliced(drawn: random.Random, text: str, other: str) -> str:
    """Go on with the end of another output."""
    return text[: drawn.randrange(len(text) + 1)] + other[drawn.randrange(len(other) + 1) :]


def numbers(drawn: random.Random, text: str, other: str) -> str:
    """Change every number."""
    return "".join(drawn.choice("0123456789") if "0" <= letter <= "9" else letter for letter in text)


def respelled(drawn: random.Random, text: str, other: str) -> str:
    """Write the text in another Unicode form."""
    return unicodedata.normalize(drawn.choice(["NFC", "NFD", "NFKC", "NFKD"]), text)


def endless(drawn: random.Random, text: str, other: str) -> str:
    """Repeat the end again and again."""
    start, _ = _slice(drawn, text)
    return text + text[start : start + 60] * drawn.choice([5, 20, 60])


DAMAGE = [
    delete, repeat, swap, insert, insert, replace_character, cut, without_mark, other_case, words, words, spliced, numbers, respelled,
    endless,
]  # fmt: skip


def damaged(drawn: random.Random, text: str, other: str, times: int) -> str:
    """Return a text after some damage, at most 50,000 characters."""
    for _ in range(times):
        text = drawn.choice(DAMAGE)(drawn, text, other)[:50_000]
    return text


# What holds of an output, however it is damaged


def check_alignment(found: Alignment, sentence: Sentence, labels: LabelSet, *, nested: bool) -> None:
    """Raise `AssertionError` if an alignment breaks a rule."""
    assert found.status in STATUSES, f"status {found.status!r}"
    assert set(found.reasons) <= REASONS.keys(), f"reasons {found.reasons}"
    assert list(found.reasons) == sorted(set(found.reasons)), f"reasons {found.reasons}"
    assert (found.status == EXACT) <= (not found.reasons), f"exact, and {found.reasons}"
    assert not (found.status == FAILED and found.spans), "failed, with spans"
    assert all(span.label in labels for span in found.spans), f"labels of {found.spans}"
    read = Sentence(
        "a/b/0", sentence.tokens, found.spans
    )  # refuses spans outside, crossing, repeated, in another order
    assert nested or not read.is_nested, f"nested: {found.spans}"


def fuzz_outputs(pool: Pool, format_name: str, seed: str, count: int) -> Tally:
    """Read damaged outputs of gold sentences, then write the answers to a file and score it."""
    drawn, tally = random.Random(seed), Tally()
    kind = f"{format_name} {'nested' if pool.nested else 'flat'}"
    fmt = get_format(format_name, nested=pool.nested)
    rendered = [fmt.render(sentence, pool.labels) for sentence in pool.sentences]
    asked: list[Sentence] = []
    outputs: list[tuple[str, Alignment]] = []
    for number in range(count):
        at = drawn.randrange(len(pool.sentences))
        sentence = pool.sentences[at]
        text = damaged(drawn, rendered[at], drawn.choice(rendered), drawn.choice([0, 1, 1, 1, 2, 2, 3, 5, 8]))
        tally.tried[kind] += 1
        tally.lengths[len(sentence.tokens)] += 1
        with watched(tally, kind, seed, lambda text=text, sentence=sentence: f"{text!r} for {sentence.tokens!r}"):  # type: ignore[misc]
            found = read_output(fmt, text, sentence.tokens, pool.labels)
            check_alignment(found, sentence, pool.labels, nested=pool.nested)
            if text == rendered[at]:
                tally.undamaged += 1
                check_unchanged(found, sentence, fmt, pool.labels)
            if number % 10 == 0:
                assert read_output(fmt, text, sentence.tokens, pool.labels) == found, "read again, it is another"
            if number % COUNTED == 0:
                steps = operations(
                    lambda text=text, tokens=sentence.tokens: read_output(fmt, text, tokens, pool.labels)
                )  # type: ignore[misc]
                tally.steps = max(tally.steps, steps / (len(text) + len(sentence.text)))
                assert tally.steps <= STEPS, f"{steps:,} steps for {len(text):,} characters"
            tally.statuses[f"{kind} {found.status}"] += 1
            asked.append(replace(sentence, id=f"f/test/{len(asked)}"))
            outputs.append((text, found))
    with watched(tally, kind, seed, lambda: "the answers of the round, scored"):
        score_outputs(asked, outputs, fmt, pool)
    return tally


def check_unchanged(found: Alignment, sentence: Sentence, fmt: OutputFormat, labels: LabelSet) -> None:
    """Raise `AssertionError` if the output that a format asks for is not read as what it says."""
    assert found.status == EXACT, f"undamaged, and {found.status}: {found.reasons}"
    assert found.spans == sentence.spans or fmt.is_ambiguous(sentence, labels), f"undamaged, and {found.spans}"


def score_outputs(
    sentences: list[Sentence], outputs: Sequence[tuple[str, Alignment]], fmt: OutputFormat, pool: Pool
) -> None:
    """Write answers to a file, read it, and score it; raise `AssertionError` if an answer comes back as another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.jsonl"
        with path.open("w", encoding="utf-8", errors="surrogatepass") as file:
            for sentence, (text, alignment) in zip(sentences, outputs):
                sha1 = tokens_sha1(sentence.tokens)
                row = json.loads(PredictionRecord.of(sentence.id, Answer(text), sha1, "free", alignment).line())
                file.write(json.dumps(row) + "\n")
        read = read_predictions(path, sentences, aligning(fmt, pool.labels))
    found = align_predictions(read, sentences, fmt, pool.labels)
    for (text, alignment), again in zip(outputs, found.aligned):
        assert again == alignment or not text.isascii(), f"from the file, {text!r} is another"
    scores = score(sentences, found.kept, nested=pool.nested)
    pairs = [pair_up(sentence.spans, alignment.spans) for sentence, alignment in zip(sentences, found.kept)]
    analysis = analyse(sentences, found.kept, pairs, pool.labels.names, nested=pool.nested)
    list(examine(sentences, found.outputs, found.kept, pairs))
    judge(found, sentences)
    assert analysis.errors.all.counts == scores.micro, "pairs and scores differ"


# Damage to files


def damaged_bytes(drawn: random.Random, content: bytes, times: int) -> bytes:
    """Return bytes after some damage."""
    found = bytearray(content)
    for _ in range(times):
        start = drawn.randrange(len(found) + 1)
        end = min(len(found), start + drawn.choice([1, 1, 4, 30, 200]))
        fate = drawn.randrange(8)
        if fate == 0:
            del found[start:end]
        elif fate == 1:
            found[start:end] = found[start:end] * 2
        elif fate == 2:
            found[start:start] = drawn.choice(MARKS).encode("utf-8", "surrogatepass")
        elif fate == 3 and start < len(found):
            found[start] = drawn.randrange(256)
        elif fate == 4:
            del found[start:]
        elif fate == 5:
            lines = found.split(b"\n")
            drawn.shuffle(lines)
            found = bytearray(b"\n".join(lines))
        elif fate == 6:
            found = found.replace(
                drawn.choice([b"\n", b"\t", b" ", b"-", b'"', b",", b"B-", b"I-"]),
                drawn.choice([b"", b"\r", b" ", b"\0", b"\n"]),
            )
        else:
            found[start:start] = bytes(drawn.randrange(256) for _ in range(drawn.choice([1, 3, 20])))
    return bytes(found)


def fuzz_corpus(split: Held, seed: str, count: int) -> Tally:
    """Read damaged pieces of a corpus file by its card: it is read, or refused by an `LmnError`."""
    drawn, tally = random.Random(seed), Tally()
    kind = f"corpus file: {type(split.card.reader).__name__}"
    place = split.card.splits[split.split]
    content = Path(split.card.file_of(split.split, split.source)).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"damaged{Path(place.file).suffix}"
        card = replace(split.card, splits={**split.card.splits, split.split: replace(place, file=path.name)})
        for _ in range(count):
            start = content.rfind(b"\n", 0, drawn.randrange(len(content))) + 1 if drawn.random() < 0.7 else 0
            piece = content[start : start + drawn.choice([300, 1500, 6000])]
            path.write_bytes(damaged_bytes(drawn, piece, drawn.choice([0, 1, 1, 2, 3, 6])))
            tally.tried[kind] += 1
            repair = drawn.choice([None, "error", "conlleval", "discard"])
            with watched(tally, kind, seed, lambda: repr(path.read_bytes())), refusal():
                log = ProblemLog(keep_going=drawn.random() < 0.5)
                list(read_corpus(card, split.split, Path(folder), repair=repair, log=log))
                tally.statuses[f"{kind}, read"] += 1
    return tally


def fuzz_cards(cards: Sequence[Path], seed: str, count: int) -> Tally:
    """Load damaged cards: each is loaded, or refused by an `LmnError`."""
    drawn, tally = random.Random(seed), Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.yaml"
        for _ in range(count):
            path.write_bytes(damaged_bytes(drawn, drawn.choice(cards).read_bytes(), drawn.choice([1, 1, 2, 4])))
            tally.tried["card"] += 1
            with watched(tally, "card", seed, lambda: repr(path.read_bytes())), refusal():
                load_card(path)
    return tally


def fuzz_predictions(pool: Pool, seed: str, count: int) -> Tally:
    """Score damaged files of predictions: each is scored, or refused by an `LmnError`."""
    drawn, tally = random.Random(seed), Tally()
    fmt = get_format(nested=pool.nested)
    sentences = [replace(sentence, id=f"f/test/{at}") for at, sentence in enumerate(pool.sentences[:8])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.jsonl"
        for _ in range(count):
            shape = drawn.choice([_record, _spans, _line])
            content = "".join(json.dumps(shape(sentence, fmt)) + "\n" for sentence in sentences).encode()
            path.write_bytes(damaged_bytes(drawn, content, drawn.choice([0, 1, 1, 1, 2, 4])))
            tally.tried["predictions file"] += 1
            with watched(tally, "predictions file", seed, lambda: repr(path.read_bytes())), refusal():
                read = read_predictions(path, sentences, aligning(fmt, pool.labels))
                found = align_predictions(read, sentences, fmt, pool.labels)
                score(sentences, found.kept, nested=pool.nested)
                judge(found, sentences)
    return tally


def _record(sentence: Sentence, fmt: OutputFormat) -> dict[str, Any]:
    answer = Answer(fmt.render(sentence), (0.5,) * len(sentence.spans))
    return dict(json.loads(PredictionRecord.of(sentence.id, answer, tokens_sha1(sentence.tokens), "free", Alignment(sentence.spans, EXACT)).line()))  # fmt: skip


def _spans(sentence: Sentence, fmt: OutputFormat) -> dict[str, Any]:
    answer = Answer(spans=sentence.spans)
    return dict(json.loads(PredictionRecord.of(sentence.id, answer, tokens_sha1(sentence.tokens), None, Alignment(sentence.spans, EXACT)).line()))  # fmt: skip


def _line(sentence: Sentence, fmt: OutputFormat) -> dict[str, Any]:
    return {"prompt": f"mark: {sentence.text}", "predict": fmt.render(sentence), "label": ""}


# Rounds


class Round(NamedTuple):
    """A round of damage: what is damaged, its seed, and how many times."""

    task: str
    seed: str
    count: int


def rounds(seed: str, outputs: int, files: int, cards: int, predictions: int, of_round: int = 500) -> list[Round]:
    """Return the rounds of a seed.

    Args:
        seed: Any word.
        outputs: Number of outputs.
        files: Number of corpus files.
        cards: Number of cards.
        predictions: Number of prediction files.
        of_round: Most outputs of a round; a fifth as many files.
    """
    numbers = {"outputs": outputs, "corpus": files, "card": cards, "predictions": predictions}
    return [
        Round(task, f"{seed}/{task}/{at}", min(step, number - at))
        for task, number in numbers.items()
        for step in [of_round if task == "outputs" else of_round // 5]
        for at in range(0, number, step)
    ]


class Fuzzer:
    """What is damaged, read once.

    Args:
        corpora: Folder of the real corpora; None for the embedded one.
        names: Cards whose corpora are damaged; empty for all.
    """

    def __init__(self, corpora: Path | None, names: tuple[str, ...] = ()) -> None:
        self.splits = list(held(corpora, names)) if corpora else []
        self.pools = pools(self.splits or [Held(load_card("demo"), split) for split in ("train", "testb")])
        self.cards = sorted((ROOT / "data_converters" / "cards").glob("*.yaml"))

    def run(self, task: Round) -> Tally:
        """Carry out a round; its seed says what it damages."""
        drawn = random.Random(f"{task.seed}/what")
        match task.task:
            case "outputs":
                nested = drawn.random() < 0.4 and any(pool.nested for pool in self.pools)
                pool = drawn.choice([pool for pool in self.pools if pool.nested == nested])
                return fuzz_outputs(pool, drawn.choice(format_names()), task.seed, task.count)
            case "corpus":
                return fuzz_corpus(drawn.choice(self.splits), task.seed, task.count) if self.splits else Tally()
            case "card":
                return fuzz_cards(self.cards, task.seed, task.count)
            case _:
                return fuzz_predictions(drawn.choice(self.pools), task.seed, task.count)
