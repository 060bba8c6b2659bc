"""The column reader: schemes, separators, line ends, comments, and what is wrong in a file, named by file and line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LabelSet, LmnError, Sentence, Span
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import CorpusRules
from llms_meet_ner.data_converters.readers.columns import ColumnOptions, ColumnReader

LABELS = LabelSet.of("PER", "LOC")


def read(
    tmp_path: Path,
    content: str | bytes,
    *,
    docstart: Any = "none",
    repair: Any = "error",
    log: ProblemLog | None = None,
    **options: Any,
) -> list[Sentence]:
    path = tmp_path / "file.conll"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    rules = CorpusRules(LABELS, docstart, repair)
    reader = ColumnReader(path, ColumnOptions(**{"scheme": "IOB2", **options}), rules, log or ProblemLog())
    return list(reader.read("c/train"))


JOHN = [(("John", "Smith", "left"), (Span(0, 2, "PER"),)), (("Paris",), (Span(0, 1, "LOC"),))]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB1", "I-PER I-PER O I-LOC"),
        ("IOB2", "B-PER I-PER O B-LOC"),
        ("IOBES", "B-PER E-PER O S-LOC"),
        ("BILOU", "B-PER L-PER O U-LOC"),
        ("IO", "PER PER O LOC"),
    ],
)
def test_schemes(tmp_path: Path, scheme: str, tags: str) -> None:
    a, b, c, d = tags.split()
    found = read(tmp_path, f"John {a}\nSmith {b}\nleft {c}\n\nParis {d}\n", scheme=scheme)
    assert [(s.tokens, s.spans) for s in found] == JOHN


@pytest.mark.parametrize(
    "content",
    [
        "John B-PER\nSmith I-PER\nleft O\n\nParis B-LOC\n",
        "John\tB-PER\nSmith\tI-PER\nleft\tO\n\nParis\tB-LOC",
        "John B-PER\r\nSmith I-PER\r\nleft O\r\n\r\nParis B-LOC\r\n",
        "\ufeffJohn B-PER\nSmith I-PER\nleft O\n\nParis B-LOC\n",
        "John   B-PER\nSmith I-PER \nleft O\n\nParis B-LOC\n",
        "\n\n \nJohn B-PER\nSmith I-PER\nleft O\n\t\n  \n\n\nParis B-LOC\n\n\n",
        "John\tB-PER\nSmith I-PER\nleft\tO\n\nParis B-LOC\n",
        " John  B-PER\n Smith  I-PER\n left  O\n\nParis B-LOC\n  ",
        "John B-PER\r\nSmith I-PER\r\nleft O\r\n\r\nParis B-LOC\r\n\r",
    ],
    ids=["spaces", "tabs", "crlf", "bom", "runs", "blank", "mixed", "aligned", "last-cr"],
)
def test_separators_line_ends_and_breaks(tmp_path: Path, content: str) -> None:
    assert [(s.tokens, s.spans) for s in read(tmp_path, content)] == JOHN


def test_columns_from_either_end_and_any_separator(tmp_path: Path) -> None:
    assert read(tmp_path, "1|Paris|x|B-LOC|y\n", separator="|", token=1, tags=(-2,))[0].spans == (Span(0, 1, "LOC"),)
    assert read(tmp_path, "1::Paris::B-LOC\n", separator="::", token=-2)[0].tokens == ("Paris",)


def test_a_token_with_a_space_or_an_odd_line_separator_stays_one(tmp_path: Path) -> None:
    found = read(tmp_path, "New York\tB-LOC\na\u2028b\x85c\u00a0\tO\n", separator="\t")
    assert found[0].tokens == ("New York", "a\u2028b\x85c\u00a0")


def test_only_stated_comments_are_comments(tmp_path: Path) -> None:
    content = "# text = x\n# O\n#tag O\nParis B-LOC\n"
    assert read(tmp_path, content, comments=("# text",))[0].tokens == ("#", "#tag", "Paris")
    assert str(read(tmp_path, content, comments=("# text",))[0].where).endswith("file.conll:2")


def test_two_levels_of_tags(tmp_path: Path) -> None:
    content = "Bayern\tB-PER\tB-LOC\nMünchen\tI-PER\tO\n"
    assert read(tmp_path, content, tags=(1, 2))[0].spans == (Span(0, 2, "PER"), Span(0, 1, "LOC"))


def test_crossing_levels(tmp_path: Path) -> None:
    content = "a\tB-PER\tO\nb\tI-PER\tB-LOC\nc\tO\tI-LOC\n"
    with pytest.raises(
        LmnError, match=r"file\.conll:2: the LOC over tokens 1-2 .* crosses .* --repair conlleval keeps the outer"
    ):
        read(tmp_path, content, tags=(1, 2))
    log = ProblemLog()
    assert read(tmp_path, content, tags=(1, 2), repair="conlleval", log=log)[0].spans == (Span(0, 2, "PER"),)
    assert log.counts == {"crossing": 1}


@pytest.mark.parametrize(
    ("policy", "tokens", "ids"),
    [
        ("sentence", [("-DOCSTART-",), ("a",), ("-DOCSTART-",), ("b",), ("-DOCSTART-",), ("c",)], [0, 1, 2, 3, 4, 5]),
        ("boundary", [("a",), ("b",), ("c",)], [1, 3, 5]),
    ],
)
def test_document_starts_of_every_shape(
    tmp_path: Path, policy: str, tokens: list[tuple[str, ...]], ids: list[int]
) -> None:
    content = "-DOCSTART- -X- O O\n\na x y O\n-DOCSTART- O\nb x y O\n\n-DOCSTART-\nc x y O\n"
    found = read(tmp_path, content, docstart=policy)
    assert [s.tokens for s in found] == tokens
    assert [s.id for s in found] == [f"c/train/{n}" for n in ids]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "a O\nb I-PER\n",
            {},
            r"file\.conll:2: token 'b' is tagged 'I-PER' where IOB2 has 'B-PER'; --repair conlleval",
        ),
        (
            "a O\nb PER\n",
            {},
            r"file\.conll:2: token 'b' is tagged 'PER', which is not a tag of IOB2; check the card's scheme",
        ),
        (
            "a O\nb B-ORG\n",
            {},
            r"file\.conll:2: token 'b' has the label 'ORG', which the card does not list; the card lists PER, LOC",
        ),
        ("a O\nERROR\n", {}, r"file\.conll:2: a line without a tag: 'ERROR'; the card's reader\.untagged says"),
        ("a\tO\nb\t\n", {}, r"file\.conll:2: a line without a tag"),
        ("a\tO\n\tO\n", {}, r"file\.conll:2: the token is empty"),
        ("a O\n\nb x O\n", {"columns": 2}, r"file\.conll:3: 3 columns where the card says 2: 'b x O'"),
        (b"a O\n\xff O\n", {}, r"file\.conll:2: not utf-8"),
        (b"a O\nb O\nc\xc3", {}, r"file\.conll:3: not utf-8"),
        ("\u010a O\n".encode("utf-16") + b"\x00\xdc O\n", {"encoding": "utf-16"}, r"file\.conll:2: not utf-16"),
        (b"a O\n" * 20_000 + b"\xff O\n", {}, r"file\.conll:20001: not utf-8"),
        ("a O\nb\rc O\n", {}, r"file\.conll:2: the token 'b\\rc' holds a carriage return; take it out"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(
    tmp_path: Path, content: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, **options)


def test_lines_without_a_tag_are_outside_or_left_out_if_the_card_says_so(tmp_path: Path) -> None:
    content = "a O\nERROR\nb O\n\nERROR\n\nc O\n"
    log = ProblemLog()
    assert [s.tokens for s in read(tmp_path, content, untagged="skip", log=log)] == [("a", "b"), ("c",)]
    assert (log.counts, [p.where.line for p in log.kept]) == ({"untagged": 2}, [2, 5])
    assert [s.tokens for s in read(tmp_path, content, untagged="outside")] == [("a", "ERROR", "b"), ("ERROR",), ("c",)]


def test_columns_are_the_same_however_many_spaces_separate_them(tmp_path: Path) -> None:
    content = "x  y Paris B-LOC z\nx  y is O z\n"
    assert read(tmp_path, content, token=2, tags=(3,))[0].spans == (Span(0, 1, "LOC"),)


def test_a_short_line_becomes_outside_wherever_the_token_stands(tmp_path: Path) -> None:
    content = "1 2 Paris B-LOC\n1 2\nERROR\n"
    found = read(tmp_path, content, token=2, tags=(3,), untagged="outside")
    assert (found[0].tokens, found[0].spans) == (("Paris", "1", "ERROR"), (Span(0, 1, "LOC"),))


LINES = ["a O", "a O\r", "b B-PER", "c I-PER", "", "", " ", "   ", "\t", "# x", "-DOCSTART- O", "ERR", " d  O", "e O "]


@settings(max_examples=1500, deadline=None)
@given(
    content=st.one_of(
        st.text(alphabet="ab \t\n\r,OBI-PERLOC[|\x85\xa0\u2028#", max_size=60),
        st.lists(st.sampled_from(LINES), max_size=12).map("\n".join),
        st.lists(st.sampled_from(LINES), max_size=12).map("\r\n".join),
    ),
    token=st.integers(-3, 3),
    tag=st.integers(-3, 3),
    separator=st.sampled_from(["auto", "\t", " ", ","]),
    untagged=st.sampled_from(["error", "outside", "skip"]),
    scheme=st.sampled_from(["IOB1", "IOB2", "IOBES", "BILOU", "IO"]),
    docstart=st.sampled_from(["sentence", "boundary", "none"]),
    chunk=st.integers(1, 80),
)
def test_any_file_is_read_or_refused_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, content: str, token: int, tag: int, separator: str, untagged: Any,
    scheme: Any, docstart: Any, chunk: int,
) -> None:  # fmt: skip
    path = tmp_path_factory.getbasetemp() / "any.conll"
    path.write_text(content, newline="")
    options = ColumnOptions(scheme, separator=separator, token=token, tags=(tag,), comments=("#",), untagged=untagged)
    found: list[Any] = []
    for size in (1 << 20, chunk):
        log = ProblemLog(keep_going=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("llms_meet_ner.data_converters.readers.columns._CHUNK", size)
            rules = CorpusRules(LABELS, docstart, "conlleval")
            sentences = list(ColumnReader(path, options, rules, log).read("c/t"))
        found.append((sentences, [sentence.where for sentence in sentences], log.kept))
        lines = content.replace("\r\n", "\n").count("\n") + 1
        assert all(1 <= problem.where.line <= lines for problem in log.kept)
    assert found[0] == found[1]


def test_repair_policies(tmp_path: Path) -> None:
    content = "a O\nb I-PER\nc I-PER\nd B-LOC\n"
    log = ProblemLog()
    assert read(tmp_path, content, repair="conlleval", log=log)[0].spans == (Span(1, 3, "PER"), Span(3, 4, "LOC"))
    assert read(tmp_path, content, repair="discard")[0].spans == (Span(3, 4, "LOC"),)
    assert log.counts == {"invalid-transition": 1}
    assert not log.kept[0].fatal


def test_breaks_at_the_edge_of_a_chunk_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "-DOCSTART- O\r\n\r\na O\r\nb O\r\n \t\r\n\r\n# c\r\nParis B-LOC\r\n\r\n\r\nd O\r\n"
    expected = read(tmp_path, content, docstart="sentence", comments=("# ",))
    assert [(s.tokens, s.where.line) for s in expected] == [
        (("-DOCSTART-",), 1),
        (("a", "b"), 3),
        (("Paris",), 8),
        (("d",), 11),
    ]  # type: ignore[union-attr]
    for size in range(1, 40):
        monkeypatch.setattr("llms_meet_ner.data_converters.readers.columns._CHUNK", size)
        found = read(tmp_path, content, docstart="sentence", comments=("# ",))
        assert [(s, s.where) for s in found] == [(s, s.where) for s in expected]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from llms_meet_ner import LabelSet\n"
        "from llms_meet_ner.data_converters.readers import CorpusRules\n"
        "from llms_meet_ner.data_converters.readers.columns import ColumnOptions, ColumnReader\n"
        "from llms_meet_ner.data_converters.problems import ProblemLog\n"
        "rules = CorpusRules(LabelSet.of('LOC'), 'none', 'error')\n"
        "reader = ColumnReader(Path(sys.argv[1]), ColumnOptions('IOB2'), rules, ProblemLog())\n"
        "n = sum(1 for _ in reader.read('c/t'))\n"
        "print(n, re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1])\n"
    )
    peaks = []
    for rows in (300_000, 900_000):
        path = tmp_path / f"{rows}.conll"
        path.write_text("Ankara B-LOC\nkale O\n\n" * (rows // 2))
        done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
        count, peak = map(int, done.stdout.split())
        assert count == rows // 2
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 5_000  # kilobytes; the larger file has 7 MB more; the smaller one fills a chunk
