"""The column reader: separators, line ends, comments, sentence columns, and problems with file and line; and real files counted by other code."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Counts, counts, read, read_file, seen

from llms_meet_ner import LabelSet, LmnError, Sentence, Span
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import CorpusRules
from llms_meet_ner.data_converters.readers.columns import ColumnOptions, ColumnReader
from llms_meet_ner.data_converters.readers.sentence_ends import SentenceEnds

COLUMNS = {"type": "columns", "scheme": "IOB2"}
LABELS = LabelSet.of("PER", "LOC")


def read_columns(
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
    assert [(s.tokens, s.spans) for s in read_columns(tmp_path, content)] == JOHN


def test_columns_from_either_end_and_any_separator(tmp_path: Path) -> None:
    assert read_columns(tmp_path, "1|Paris|x|B-LOC|y\n", separator="|", token=1, tags=(-2,))[0].spans == (
        Span(0, 1, "LOC"),
    )
    assert read_columns(tmp_path, "1::Paris::B-LOC\n", separator="::", token=-2)[0].tokens == ("Paris",)


def test_a_token_with_a_space_or_an_odd_line_separator_stays_one(tmp_path: Path) -> None:
    found = read_columns(tmp_path, "New York\tB-LOC\na\u2028b\x85c\u00a0\tO\n", separator="\t")
    assert found[0].tokens == ("New York", "a\u2028b\x85c\u00a0")


def test_only_stated_comments_are_comments(tmp_path: Path) -> None:
    content = "# text = x\n# O\n#tag O\nParis B-LOC\n"
    assert read_columns(tmp_path, content, comments=("# text",))[0].tokens == ("#", "#tag", "Paris")
    assert str(read_columns(tmp_path, content, comments=("# text",))[0].where).endswith("file.conll:2")


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
    found = read_columns(tmp_path, content, docstart=policy)
    assert [s.tokens for s in found] == tokens
    assert [s.id for s in found] == [f"c/train/{n}" for n in ids]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "a O\nb I-PER\n",
            {},
            r"file\.conll:2: token 'b' is tagged 'I-PER' where IOB2 has 'B-PER'; scheme: IOB1 .* or --repair conlleval",
        ),
        (
            "a O\nb PER\n",
            {},
            r"file\.conll:2: token 'b' is tagged 'PER', which is not a tag of IOB2; scheme: IO in the card's reader fits all tags",
        ),
        (
            "a O\nb B-ORG\n",
            {},
            r"file\.conll:2: token 'b' has the label 'ORG', which the card does not list; add to the card's labels: - {name: ORG}",
        ),
        ("a O\nERROR\n", {}, r"file\.conll:2: a line without a tag: 'ERROR'; the card's reader\.untagged says"),
        ("a\tO\nb\t\n", {}, r"file\.conll:2: a line without a tag"),
        ("a\tO\n\tO\n", {}, r"file\.conll:2: the token is empty"),
        ("a\tO\n\nb\tx\tO\n", {"columns": 2}, r"file\.conll:3: 3 columns where the card says 2: 'b x O'"),
        (b"a O\n\xff O\n", {}, r"file\.conll:2: not utf-8"),
        (b"a O\nb O\nc\xc3", {}, r"file\.conll:3: not utf-8"),
        ("\u010a O\n".encode("utf-16") + b"\x00\xdc O\n", {"encoding": "utf-16"}, r"file\.conll:2: not utf-16"),
        (b"a O\n" * 20_000 + b"\xff O\n", {}, r"file\.conll:20001: not utf-8"),
        ("a O\nb\rc O\n", {}, r"file\.conll:2: the token 'b\\rc' holds a carriage return; end lines in"),
        (
            "a B-PER\rb I-PER\r",
            {},
            r"file\.conll:1: the field 'B-PER\\rb' holds a carriage return; end lines in a line feed",
        ),
        ("a x B-PER\rb x I-PER\n\nc x O\n", {}, r"file\.conll:1: the field 'B-PER\\rb' holds a carriage return"),
        ("a\tx\rb\tO\n", {"token": 0}, r"file\.conll:1: the field 'x\\rb' holds a carriage return"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_line(
    tmp_path: Path, content: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(LmnError, match=message):
        read_columns(tmp_path, content, **options)


def test_lines_without_a_tag_are_outside_or_left_out_if_the_card_says_so(tmp_path: Path) -> None:
    content = "a O\nERROR\nb O\n\nERROR\n\nc O\n"
    log = ProblemLog()
    assert [s.tokens for s in read_columns(tmp_path, content, untagged="skip", log=log)] == [("a", "b"), ("c",)]
    assert (log.counts, [p.where.line for p in log.kept]) == ({"untagged": 2}, [2, 5])
    assert [s.tokens for s in read_columns(tmp_path, content, untagged="outside")] == [
        ("a", "ERROR", "b"),
        ("ERROR",),
        ("c",),
    ]


def test_columns_are_the_same_however_many_spaces_separate_them(tmp_path: Path) -> None:
    content = "x  y Paris B-LOC z\nx  y is O z\n"
    assert read_columns(tmp_path, content, token=2, tags=(3,))[0].spans == (Span(0, 1, "LOC"),)


def test_a_short_line_becomes_outside_wherever_the_token_stands(tmp_path: Path) -> None:
    content = "1 2 Paris B-LOC\n1 2\nERROR\n"
    found = read_columns(tmp_path, content, token=2, tags=(3,), untagged="outside")
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


def test_breaks_at_the_edge_of_a_chunk_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "-DOCSTART- O\r\n\r\na O\r\nb O\r\n \t\r\n\r\n# c\r\nParis B-LOC\r\n\r\n\r\nd O\r\n"
    expected = read_columns(tmp_path, content, docstart="sentence", comments=("# ",))
    assert [(s.tokens, s.where.line) for s in expected] == [
        (("-DOCSTART-",), 1),
        (("a", "b"), 3),
        (("Paris",), 8),
        (("d",), 11),
    ]  # type: ignore[union-attr]
    for size in range(1, 40):
        monkeypatch.setattr("llms_meet_ner.data_converters.readers.columns._CHUNK", size)
        found = read_columns(tmp_path, content, docstart="sentence", comments=("# ",))
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


TWO_SENTENCES = [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        ("n\tword\ttag\n1\tJohn\tB-PER\n1\tleft\tO\n2\tParis\tB-LOC\n", {"separator": "tab", "header": True}),
        ("Sentence: 1\tJohn\tB-PER\n\tleft\tO\nSentence: 2\tParis\tB-LOC\n", {"separator": "tab"}),
        ("1\tJohn\tB-PER\r\n1\tleft\tO\r\n\r\n1\tParis\tB-LOC\r\n", {"separator": "tab"}),
        (
            'n,"word",tag\n"1",John,B-PER\n,left,O\n2,"Paris",B-LOC\n',
            {"separator": ",", "quoted": True, "header": True},
        ),
    ],
    ids=["header", "empty-goes-on", "empty-line", "csv"],
)
def test_a_column_says_where_a_sentence_begins(tmp_path: Path, content: str, reader: dict[str, Any]) -> None:
    found = read(tmp_path, content, {**COLUMNS, **reader, "sentence": 0, "token": 1, "tag": 2})
    assert seen(found) == TWO_SENTENCES
    assert [s.id for s in found] == ["c/s/0", "c/s/1"]


def test_places_count_the_header_and_the_lines_inside_quotes(tmp_path: Path) -> None:
    assert [
        s.where.line for s in read(tmp_path, "word tag\n\na O\n\nb O\n", {**COLUMNS, "header": True}) if s.where
    ] == [3, 5]
    content = 'w,t\na,O\n"b\nc",O\nd,X\n'
    log = ProblemLog(keep_going=True)
    read(tmp_path, content, {**COLUMNS, "header": True, "quoted": True, "separator": ","}, log=log)
    assert [(p.kind, p.where.line) for p in log.kept] == [("line-break", 3), ("malformed-tag", 5)]


def test_quotes_that_do_not_close_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"file:2: unexpected end of data; the card's reader\.quoted"):
        read(tmp_path, 'a,O\n"b,O\n', {**COLUMNS, "quoted": True, "separator": ","})


words = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(sentences=st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=4))
def test_quoted_columns_give_back_what_the_csv_module_wrote(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    for number, tokens in enumerate(sentences):
        csv.writer(text).writerows([number, token, "O"] for token in tokens)
    reader = {**COLUMNS, "separator": ",", "quoted": True, "sentence": 0, "token": 1, "tag": 2}
    found = read(tmp_path_factory.getbasetemp(), text.getvalue(), reader)
    assert [list(s.tokens) for s in found] == sentences


@pytest.mark.parametrize("more", ["", "c O\n"])
def test_only_the_last_space_may_part_token_and_tag(tmp_path: Path, more: str) -> None:
    reader = {**COLUMNS, "separator": "last-space"}
    assert seen(read(tmp_path, f"Hamas 'ın  B-ORG \nx y O\n{more}", reader))[0][1] == [(0, 1, "ORG")]
    assert read(tmp_path, f"Hamas 'ın B-ORG\nx y O\n{more}", reader)[0].tokens[:2] == ("Hamas 'ın", "x y")
    with pytest.raises(LmnError, match="file:1: a line without a tag: 'ERROR'"):
        read(tmp_path, "ERROR\n", reader)


def test_doccano_s_columns(corpora: Path) -> None:
    folder = corpora / "doccano" / "doccano"
    reader = {"type": "columns", "scheme": "IOB2"}
    labels = ("ORG", "MISC", "PERSON", "LOC", "PER")
    found = read_file(folder / "data_import_tests_data_sequence_labeling_example.conll", reader, labels=labels)
    assert seen(found) == [("JAPAN GET", [(0, 1, "LOC")]), ("Nadim Ladki", [(0, 2, "PER")])]
    found = read_file(folder / "data_import_pipeline_examples_sequence_labeling_example.txt", reader, labels=labels)
    assert counts(found) == (2, 11, Counter(ORG=1, MISC=2, PER=1))


def count_columns(path: Path, token: slice, tag: int, separator: str | None, comment: str) -> Counts:
    """Count sentences, tokens and entity starts of a column file; a line of one field is none."""
    sentences: list[list[str]] = [[]]
    tokens = 0
    for raw in path.read_bytes().decode("utf-8").replace("\r", "").split("\n"):
        fields = raw.split(separator)
        if not raw.strip():
            sentences.append([])
        elif not re.match(comment, raw) and len(fields) > 1:
            assert fields[token]
            tokens += 1
            sentences[-1].append(fields[tag])
    labels: Counter[str] = Counter()
    for tags in filter(None, sentences):
        for before, now in zip(["O", *tags], tags):
            labels[now[2:]] += now[0] == "B" or (now[0] == "I" and before[2:] != now[2:])
    return sum(map(bool, sentences)), tokens, +labels


COLUMN_FILES: list[tuple[str, dict[str, Any], tuple[Any, ...], dict[str, int]]] = [
    (
        "nakbatr/AA_section-Nakba_narratives.txt",
        {"separator": "last-space", "comments": ["#doc_id = ", "#metadata = ", "#sent_id = ", "#text = "], "untagged": "skip"},
        (slice(0, -1), -1, None, "#(doc_id|metadata|sent_id|text) = "),
        {"untagged": 3, "invalid-transition": 32},
    ),
    (
        "nakbatr/TRTHaber_section-Nakba_narratives.txt",
        {"separator": "last-space", "comments": ["#doc_id = ", "#metadata = ", "#sent_id = ", "#text = "]},
        (slice(0, -1), -1, None, "#(doc_id|metadata|sent_id|text) = "),
        {"invalid-transition": 7},
    ),
    (
        "uner/en_ewt-ud-dev.iob2",
        {"separator": "tab", "token": 1, "tag": 2, "columns": 5, "comments": ["# newdoc id = ", "# sent_id = ", "# text = "]},
        (slice(1, 2), 2, "\t", "# (newdoc id|sent_id|text) = "),
        {},
    ),
    ("turkish_shrinked_ner/train_sample.txt", {"separator": "space"}, (slice(0, 1), 1, " ", "$^"), {}),
    ("bc5cdr/devel.tsv", {"separator": "tab", "columns": 2}, (slice(0, 1), 1, "\t", "$^"), {}),
]  # fmt: skip


@pytest.mark.parametrize(("file", "reader", "by_hand", "kinds"), COLUMN_FILES, ids=lambda value: str(value)[:12])
def test_column_files(corpora: Path, file: str, reader: dict[str, Any], by_hand: Any, kinds: dict[str, int]) -> None:
    expected = count_columns(corpora / file, *by_hand)
    log = ProblemLog()
    options = {"type": "columns", "scheme": "IOB2", **reader}
    found = read_file(corpora / file, options, labels=tuple(expected[2]), repair="conlleval", log=log)
    assert counts(found) == expected
    assert log.counts == {kind: count for kind, count in kinds.items() if count}


def test_a_token_of_a_real_file_keeps_its_space(corpora: Path) -> None:
    path = corpora / COLUMN_FILES[0][0]
    line = path.read_text(encoding="utf-8").split("\n")[77729]
    reader = {"type": "columns", "scheme": "IOB2", **COLUMN_FILES[0][1]}
    found = read_file(path, reader, labels=("PER", "LOC", "ORG"), repair="conlleval")
    assert [token for s in found for token in s.tokens if " " in token] == [line.removesuffix(" B-ORG")]


@pytest.mark.parametrize(
    ("line", "columns", "token", "expected"),
    [
        ("Last Name _ O B-PER", 4, 0, "Last Name"), ("Last  Name _ O B-PER", 4, 0, "Last Name"), ("1 Van der Mar B-PER", 3, 1, "Van der Mar"),
        ("O Last Name B-PER", 3, -2, "Last Name"), ("Ann _ O B-PER", 4, 0, "Ann"),
    ],
)  # fmt: skip
def test_a_token_that_holds_spaces_takes_the_columns_too_many(
    tmp_path: Path, line: str, columns: int, token: int, expected: str
) -> None:
    log = ProblemLog()
    (sentence,) = read_columns(tmp_path, f"{line}\n", columns=columns, token=token, log=log)
    assert (sentence.tokens, sentence.spans) == ((expected,), (Span(0, 1, "PER"),))
    assert log.counts["spaced-token"] == (" " in expected)
    assert not log.fatal


def test_a_comma_may_be_a_token_of_a_file_that_commas_separate(tmp_path: Path) -> None:
    found = read_columns(tmp_path, "Ann,NNP,B-PER\n,,_,O\n1,5,CD,O\n", columns=3, separator=",")
    assert found[0].tokens == ("Ann", ",", "1,5")


def test_lines_with_another_number_of_columns_are_counted_and_named(tmp_path: Path) -> None:
    log = ProblemLog()
    usual = "Ann NN O B-PER\nleft VB O O\n"
    text = f"{usual}\n{usual}Last Name _ O B-PER\n\nx y B-PER\nz O O\n\n{usual}"
    read_columns(tmp_path, text, log=log)
    assert not log.counts
    log.conclude()
    path = tmp_path / "file.conll"
    assert [str(problem.where) for problem in log.of("uneven")] == [f"{path}:6", f"{path}:8"]
    assert log.of("uneven")[0].message == "'Last Name _ O B-PER' has 5 columns; most lines have 4"
    assert (log.counts, log.fatal) == ({"uneven": 3}, 0)


def test_a_number_of_a_sentence_that_comes_back_is_said(tmp_path: Path) -> None:
    log = ProblemLog()
    found = read_columns(
        tmp_path, "1,Ann,B-PER\n2,Bob,B-PER\n1,left,O\n2,x,O\n3,y,O\n\n1,new,O\n", separator=",", token=1, sentence=0, log=log
    )  # fmt: skip
    assert [sentence.text for sentence in found] == ["Ann", "Bob", "left", "x", "y", "new"]
    assert [problem.where.line for problem in log.of("returning-sentence")] == [3, 4]
    assert log.of("returning-sentence")[0].message == "the sentence '1' comes back after '2'"
    log = ProblemLog()
    docs = "0,-DOCSTART-,O\n1,a,O\n2,b,O\n0,-DOCSTART-,O\n1,a,O\n"
    read_columns(tmp_path, docs, docstart="boundary", separator=",", token=1, sentence=0, log=log)
    assert not log.counts["returning-sentence"]


@pytest.mark.parametrize("options", [{}, {"sentence": 0}])
def test_a_file_without_an_end_of_a_sentence_takes_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.setattr("llms_meet_ner.data_converters.readers.columns.MAX_LINES", 1000)
    monkeypatch.setattr("llms_meet_ner.data_converters.readers.columns._CHUNK", 500)
    read_columns(tmp_path, "a O\n" * 1000 + "\n" + "a O\n" * 999, **options)
    with pytest.raises(LmnError, match=r"file\.conll:3: no sentence ends within 1,000 lines; .*sentence_end"):
        read_columns(tmp_path, "a O\n\n" + "a O\n" * 1200, **options)
    marked = "a O x\n" * 4000
    ends = SentenceEnds(column=2, value="x")
    assert len(read_columns(tmp_path, marked, tags=(1,), ends=ends)) == 4000


def test_fields_in_quotes_are_told_from_tags(tmp_path: Path) -> None:
    content = 'a,X,B-PER\n",",",",O\n"b""c",X,O\n'
    reader = {**COLUMNS, "separator": ","}
    with pytest.raises(
        LmnError,
        match=r"file:2: .*, which is not a tag of IOB2; if the fields are in double quotes, .* `quoted: true`",
    ):
        read(tmp_path, content, {**reader, "tag": 2})
    assert read(tmp_path, content, {**reader, "tag": 2, "quoted": True})[0].tokens == ("a", ",", 'b"c')
