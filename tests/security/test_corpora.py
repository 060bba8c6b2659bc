"""Corpus files of strangers: hostile JSON, DocBins and characters are read, or are problems with file and line."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mutated import mutations
from reading import read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main as convert
from llms_meet_ner.data_converters.problems import ProblemLog

TOKENS = {"type": "tokens", "scheme": "IOB2"}
SPANS = {"type": "spans", "language": "spaces"}
TOKEN_RECORD = {"id": 1, "tokens": ["Ada", "left"], "ner_tags": ["B-PER", "O"], "more": {"a": [1]}}
SPAN_RECORD = {
    "id": 1,
    "text": "Ada left",
    "spans": [{"start": 0, "end": 3, "label": "PER"}, [4, 8, "LOC"]],
    "more": {"a": [1]},
}


def problems(text: str | bytes, reader: dict[str, Any]) -> tuple[list[Any], list[str]]:
    """Return what is read of a corpus file, and the problems; an error that ends reading is the last one."""
    path = Path("corpus")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    log = ProblemLog(keep_going=True, notes=True)
    found: list[Any] = []
    try:
        found = read_file(path, reader, nested=True, log=log)
    except LmnError as error:
        return found, [*(problem.kind for problem in log.kept), str(error)]
    return found, [problem.kind for problem in log.kept]


@pytest.mark.parametrize(("record", "reader"), [(TOKEN_RECORD, TOKENS), (SPAN_RECORD, SPANS)])
def test_any_value_anywhere_in_a_record_is_read_or_is_a_problem(
    record: dict[str, Any], reader: dict[str, Any], workdir: Path
) -> None:
    drawn = random.Random(5)
    for _, text in drawn.sample(list(mutations(record, yaml=False)), 400):
        for content in (f"{text}\n{json.dumps(record)}\n", f"[{text}, {json.dumps(record)}]"):
            found, kinds = problems(content, reader)
            assert len(found) >= 1 or kinds
            assert all("\n" not in kind for kind in kinds)
            for sentence in found:
                sentence.text.encode()


DEEP = "[" * 100_000 + "]" * 100_000
HOSTILE = {
    "deep": f'{{"tokens": {DEEP}, "ner_tags": []}}', "rather deep": f'{{"tokens": [{"[" * 900}{"]" * 900}], "ner_tags": ["O"]}}',
    "digits": f'{{"tokens": [{"9" * 5000}], "ner_tags": ["O"]}}', "twice": '{"tokens": ["a"], "tokens": ["b"], "ner_tags": ["O"]}',
    "nan": '{"tokens": [NaN], "ner_tags": [Infinity]}', "half": '{"tokens": ["\\ud800"], "ner_tags": ["O"]}',
    "half tag": '{"tokens": ["a"], "ner_tags": ["B-\\ud800"]}', "number": "1e999", "text": '"x"', "two": "{} {}", "cut": '{"tokens": ["a"',
    "null": "null", "break": '{"tokens": ["a\\nb"], "ner_tags": ["O"]}', "empty": '{"tokens": [""], "ner_tags": ["O"]}',
}  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_line_is_a_problem_and_the_next_line_is_read(hostile: str, workdir: Path) -> None:
    good = json.dumps({"tokens": ["Ada"], "ner_tags": ["B-PER"]})
    found, kinds = problems(f"{good}\n{hostile}\n{good}\n", TOKENS)
    assert kinds
    assert ("Ada", [(0, 1, "PER")]) in seen(found)
    for content in (hostile, f"[{hostile}]", f"[{good}, {hostile}]"):
        assert problems(content, TOKENS)[1]


def test_a_character_that_is_data_comes_back_and_one_that_is_none_is_named_with_its_line(workdir: Path) -> None:
    Path("c").mkdir()
    Path("c/card.yaml").write_text(
        "name: c\ntitle: C\nlanguage: en\nlicence: x\ncitation: x\nsplits: {train: a.jsonl}\n"
        "reader: {type: tokens, scheme: IOB2}\ndocstart: none\nlabels: [{name: PER}]\n"
    )
    tokens = ["a\x1bb", "\x07", "\x85", "\u2028", "\u202e", "\x00", "\x1c", "\ufeff", "a\tb", "\u200b"]
    Path("c/a.jsonl").write_text(json.dumps({"tokens": tokens, "ner_tags": ["B-PER", *"O" * (len(tokens) - 1)]}) + "\n")
    for words in ([], ["check"], ["stats"]):
        result = CliRunner().invoke(convert, [*words, "c"])
        assert (result.exit_code, "\x1b" in result.output, "\x07" in result.output) == (0, False, False), result.output
    (record,) = json.loads(Path("data/alpaca/c_train.json").read_text())
    assert record["tokens"] == tokens
    for odd in ("a\nb", "a\rb", "\ud800"):
        Path("c/a.jsonl").write_text(
            '{"tokens": ["a"], "ner_tags": ["O"]}\n' + json.dumps({"tokens": [odd], "ner_tags": ["O"]}) + "\n"
        )
        result = CliRunner().invoke(convert, ["c"])
        assert result.stderr.startswith("Error: c/a.jsonl:2: ")
        assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def docbin() -> dict[str, Any]:
    """The parts of a DocBin with two documents."""
    spacy = pytest.importorskip("spacy")
    import srsly
    from spacy.tokens import DocBin, Span

    packed = DocBin(store_user_data=True)
    for text in ("Ada left Paris . She ran", "Bob  x\n y"):
        doc = spacy.blank("xx").make_doc(text)
        doc.ents = [Span(doc, 0, 1, "PER")]
        doc.spans["sc"] = [Span(doc, 0, 2, "PER")]
        for token in doc:
            token.is_sent_start = token.i in (0, 4)
        packed.add(doc)
    parts: dict[str, Any] = srsly.msgpack_loads(zlib.decompress(packed.to_bytes()))
    return parts


def spoiled(parts: dict[str, Any], drawn: random.Random) -> dict[str, Any]:
    """Return the parts of a DocBin, one of them replaced, left out, or with other bytes or items."""
    key = drawn.choice(list(parts))
    value = parts[key]
    odd: list[Any] = [None, 5, -1, 2**63, 1.5, True, "", [], {}, [5], [None], {"a": 1}, b"", b"x", b"\xff" * 8, [b""]]
    if drawn.random() < 0.3:
        return {**parts, key: drawn.choice(odd)}
    if drawn.random() < 0.1:
        return {name: value for name, value in parts.items() if name != key}
    if isinstance(value, bytes):
        at, step = drawn.randrange(len(value)) // 8 * 8, drawn.choice([4, 8])
        new = drawn.choice(
            [b"\0" * step, b"\xff" * step, (1).to_bytes(step, "little"), (10**6).to_bytes(step, "little")]
        )
        return {**parts, key: (value[:at] + new + value[at + step :])[: len(value)]}
    if isinstance(value, list) and value:
        at = drawn.randrange(len(value))
        return {**parts, key: [*value[:at], drawn.choice([*odd, *value]), *value[at + drawn.randrange(2) :]]}
    return parts


def test_a_spoiled_docbin_is_read_or_is_one_error(docbin: dict[str, Any], workdir: Path) -> None:
    import srsly

    drawn = random.Random(3)
    readers = [
        {"type": "docbin"},
        {"type": "docbin", "sentences": "split"},
        {"type": "docbin", "spans": "sc", "crossing": "first"},
    ]
    for _ in range(120):
        content = zlib.compress(srsly.msgpack_dumps(spoiled(docbin, drawn)))
        found, kinds = problems(content, drawn.choice(readers))
        assert found or kinds
        assert all("\n" not in kind for kind in kinds)


def test_a_docbin_that_unpacks_to_a_gigabyte_is_refused_before_that(workdir: Path) -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(b"\0" * (1 << 20)) for _ in range(300)), packer.flush()])
    found, kinds = problems(bomb, {"type": "docbin"})
    assert not found
    assert kinds == [f"corpus: not a DocBin ({len(bomb):,} bytes that unpack to more than 67,108,864)"]
