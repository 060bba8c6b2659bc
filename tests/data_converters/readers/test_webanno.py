"""The reader of WebAnno TSV 3: files of our own in the documented format, and two real texts counted by other code."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from reading import LABELS, counts, read_file, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers.webanno import WebAnnoOptions

READER = {"type": "webanno"}
ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue"


def tsv(*rows: str, layers: tuple[str, ...] = ("webanno.custom.Span|value",), version: str = "3.3") -> str:
    """Return a file. A row is `1-1 Bonn LOC[1] ...`; a row that begins with # stands as it is."""
    lines = [
        f"#FORMAT=WebAnno TSV {version}",
        *(f"#T_SP={layer}" if layer[0] != "#" else layer for layer in layers),
        "",
        "",
    ]
    offset = 0
    for row in rows:
        if row.startswith("#"):
            lines += ["", row] if not lines[-1].startswith("#Text") else [row]
            continue
        unit, token, *values = row.split(" ")
        lines.append("\t".join([unit, f"{offset}-{offset + len(token)}", token, *values, ""]))
        offset += len(token) + 1
    return "\n".join(lines) + "\n"


def read_text(tmp_path: Path, content: str, reader: Any = READER, **more: Any) -> Any:
    path = tmp_path / "doc.tsv"
    path.write_bytes(content.encode())
    return read_file(path, {**READER, **reader}, **more)


def test_sentences_stacks_and_ids(tmp_path: Path) -> None:
    content = tsv(
        "#Text=Ann Lee saw Bonn.", "1-1 Ann PER[1]|LOC[2]", "1-2 Lee PER[1]", "1-3 saw _", "1-4 Bonn LOC", "1-5 . _",
        "#Sentence.id=s2", "#Text=Ann", "2-1 Ann PER", "2-2 Lee PER", "#Text=x", "3-1 # _",
    )  # fmt: skip
    expected = [
        ("Ann Lee saw Bonn .", [(0, 2, "PER"), (0, 1, "LOC"), (3, 4, "LOC")]),
        ("Ann Lee", [(0, 1, "PER"), (1, 2, "PER")]),
        ("# ", []),
    ]
    for text in (content, content.replace("\n", "\r\n"), "\ufeff" + content, re.sub("\t\n", "\n", content)):
        found = read_text(tmp_path, text, nested=True)
        assert seen(found)[:2] == expected[:2]
        assert found[2].tokens == ("#",)
        assert [s.id for s in found] == ["c/s/0", "c/s/1", "c/s/2"]
    log = ProblemLog()
    assert seen(read_text(tmp_path, content, log=log))[0][1] == [(0, 2, "PER"), (3, 4, "LOC")]
    assert log.counts == {"inner-span": 1}


def test_an_annotation_over_a_sentence_boundary_joins_the_two(tmp_path: Path) -> None:
    content = tsv(
        "#Text=a",
        "1-1 a _",
        "1-2 b PER[1]",
        "#Text=b",
        "2-1 c PER[1]",
        "2-2 d LOC[2]",
        "#Text=c",
        "3-1 e LOC[2]",
        "#Text=d",
        "4-1 f _",
    )
    log = ProblemLog()
    found = read_text(tmp_path, content, log=log)
    assert seen(found) == [("a b c d e", [(1, 3, "PER"), (3, 5, "LOC")]), ("f", [])]
    assert log.counts == {"joined-sentences": 2}


def test_ids_that_begin_anew_join_nothing(tmp_path: Path) -> None:
    content = tsv(
        "#Text=a", "1-1 a PER[1]", "1-2 b _", "#Text=b", "2-1 c PER[1]", "2-2 d LOC[2]", "#Text=c", "3-1 e ORG[2]"
    )
    found = read_text(tmp_path, content)
    assert seen(found) == [("a b", [(0, 1, "PER")]), ("c d", [(0, 1, "PER"), (1, 2, "LOC")]), ("e", [(0, 1, "ORG")])]


PARTS = tsv(
    "#Text=a", "1-1 aaaaaa PER[1]", "1-1.1 aaa LOC[2]", "1-2 bbb LOC[2]", "1-2.1 b ORG", "1-2.2 b PER[1]", "1-3 c _"
)


@pytest.mark.parametrize(
    ("cut", "spans", "fatal"),
    [
        ("outward", [(0, 2, "LOC"), (0, 2, "PER"), (1, 2, "ORG")], 0),
        ("drop", [], 0),
        ("error", [(0, 2, "LOC"), (0, 2, "PER"), (1, 2, "ORG")], 3),
    ],
)
def test_annotations_of_parts_of_tokens(tmp_path: Path, cut: str, spans: Any, fatal: int) -> None:
    log = ProblemLog(keep_going=True)
    found = read_text(tmp_path, PARTS, {"cut": cut}, nested=True, log=log)
    assert (seen(found), log.counts, log.fatal) == ([("aaaaaa bbb c", spans)], {"cut-span": 3}, fatal)
    if fatal:
        with pytest.raises(
            LmnError,
            match=r"doc\.tsv:7: the PER 'aaaaaa bbb' begins or ends inside a token; the card's reader\.cut says",
        ):
            read_text(tmp_path, PARTS, {"cut": cut}, nested=True)


def test_a_high_share_of_parts_of_tokens_is_reported(tmp_path: Path) -> None:
    rows = [row for number in range(1, 6) for row in (f"#Text={number}", f"{number}-1 aaaa _", f"{number}-1.1 aa PER")]
    log = ProblemLog()
    read_text(tmp_path, tsv(*rows), log=log)
    assert log.counts == {"cut-span": 5, "cut-share": 1}
    assert "5 of 5 spans (100%) begin or end inside a token" in log.of("cut-share")[0].message


def test_a_part_of_a_token_that_is_annotated_itself_cuts_nothing(tmp_path: Path) -> None:
    log = ProblemLog()
    found = read_text(tmp_path, tsv("#Text=a", "1-1 aaa PER[1]|PER[2]", "1-1.1 aa PER[2]"), log=log)
    assert (seen(found), log.counts) == ([("aaa", [(0, 1, "PER")])], {"double-span": 1})


def test_annotations_without_a_label_or_a_character(tmp_path: Path) -> None:
    empty = "1-2.1\t5-5\t\tPER[3]\t"
    content = tsv("#Text=a", "1-1 a *", "1-2 b *[1]", "1-3 c *[1]", "1-4 d PER").replace("1-3\t", f"{empty}\n1-3\t")
    log = ProblemLog()
    assert seen(read_text(tmp_path, content, log=log)) == [("a b c d", [(3, 4, "PER")])]
    assert log.counts == {"unlabelled": 2, "outside-text": 1}
    with pytest.raises(
        LmnError,
        match=r"none of 1 annotations of webanno\.custom\.Span has a value of value; the card's reader\.feature",
    ):
        read_text(tmp_path, tsv("#Text=a", "1-1 a *"))


def test_a_gap_in_an_annotation(tmp_path: Path) -> None:
    content = tsv("#Text=a", "1-1 a PER[1]", "1-2 b _", "1-3 c PER[1]")
    for policy, spans in (("drop", []), ("join", [(0, 3, "PER")])):
        log = ProblemLog()
        assert seen(read_text(tmp_path, content, {"discontinuous": policy}, log=log)) == [("a b c", spans)]
        assert log.counts == {"discontinuous": 1}


@pytest.mark.parametrize(
    ("raw", "token"),
    [("a\\\\b", "a\\b"), ("\\\\n", "\\n"), ("a\\tb", "a\tb"), ("\\u00e4", "ä"), ("C:\\new", "C:\\new"), ("a_[b]|*;", "a_[b]|*;")],
)  # fmt: skip
def test_escapes_in_tokens(tmp_path: Path, raw: str, token: str) -> None:
    """The text of a sentence is escaped. Some versions escape the tokens as well, and some do not."""
    text = token.replace("\\", "\\\\").replace("\t", "\\t")
    for written in {raw, token} - {"a\tb"}:
        content = tsv(f"#Text=x {text}", f"1-1 {written} PER")
        assert read_text(tmp_path, content)[0].tokens == (token,)
    several = tsv("#Text=x", f"#Text={text}", f"1-1 {token} PER") if "\t" not in token else content
    assert read_text(tmp_path, several)[0].tokens == (token,)


@pytest.mark.parametrize(
    ("value", "label"),
    [("PER\\_x[1]", "PER_x"), ("\\*", "*"), ("\\_", "_"), ("a\\\\[3]", "a\\"), ("a\\;c", "a;c")],
)  # fmt: skip
def test_escapes_in_labels(tmp_path: Path, value: str, label: str) -> None:
    content = tsv("#Text=a", f"1-1 a {value}|PER", "1-2 b _")
    log = ProblemLog(keep_going=True)
    found = read_text(tmp_path, content, labels=("PER", label), nested=True, log=log)
    assert {span.label for span in found[0].spans} == {"PER", label}
    assert not log.counts


@pytest.mark.parametrize(
    ("layers", "reader"),
    [
        ((f"{ENTITY}|value",), {}),
        ((POS, f"{ENTITY}|value"), {}),
        ((f"{ENTITY}|identifier|value",), {}),
        (("webanno.custom.A|x|y", f"{ENTITY}|value"), {}),
        (("webanno.custom.A|x|y", "webanno.custom.Best|value"), {"layer": "Best"}),
        (("webanno.custom.A|x|y", "webanno.custom.Best|value|z"), {"layer": "webanno.custom.Best", "feature": "value"}),
        (("webanno.custom.A|ROLE_webanno.custom.A:r_webanno.custom.L|uima.tcas.Annotation|kind",), {}),
        (("#T_CH=coref.Link|referenceType|referenceRelation", f"{ENTITY}|value", "#T_RL=a.Rel|x|BT_a.B"), {}),
        (("webanno.custom.A|x|y",), {"feature": "y"}),
    ],
)
def test_the_layer_and_the_feature(tmp_path: Path, layers: tuple[str, ...], reader: Any) -> None:
    columns = [name for layer in layers for name in layer.split("|")[1:]]
    wanted = reader.get("feature", "kind" if "kind" in columns else "value")
    values = " ".join("PER" if name == wanted else "*" for name in columns)
    assert seen(read_text(tmp_path, tsv("#Text=a", f"1-1 a {values}", layers=layers), reader)) == [
        ("a", [(0, 1, "PER")])
    ]


@pytest.mark.parametrize(
    ("layers", "reader", "message"),
    [
        (("a.X|value", "b.Y|value"), {}, r"doc\.tsv: more than one layer; the card's reader\.layer names one of: a\.X, b\.Y"),
        (("a.X|value", "b.X|value"), {"layer": "X"}, r"more than one layer is called X; .* a\.X, b\.X"),
        (("a.X|value",), {"layer": "Y"}, r"no layer is called Y; the card's reader\.layer names one of: a\.X"),
        (("a.X|p|q",), {}, r"more than one feature of a\.X; the card's reader\.feature names one of: p, q"),
        (("a.X|p|q",), {"feature": "r"}, r"no feature of a\.X is called r; .* p, q"),
        (("a.X|",), {}, r"no feature of a\.X; the card's reader\.feature names one of: none, so that annotations have no label"),
        ((), {}, r"doc\.tsv: no span layer is annotated; annotate a document"),
    ],
)  # fmt: skip
def test_a_layer_or_feature_that_is_not_clear(
    tmp_path: Path, layers: tuple[str, ...], reader: Any, message: str
) -> None:
    with pytest.raises(LmnError, match=message):
        read_text(tmp_path, tsv("#Text=a", "1-1 a _ _ _", layers=layers), reader)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"doc\.tsv:1: not WebAnno TSV 3: its first line is not #FORMAT=WebAnno TSV 3\.x; export the document as WebAnno TSV v3\.x"),
        ("#FORMAT=WebAnno TSV 2.0\n", r"doc\.tsv:1: not WebAnno TSV 3: it is version 2"),
        (" # id=1\n1\ta\tO\n", r"doc\.tsv:1: not WebAnno TSV 3"),
        (tsv("#Text=a", "1-1 a PER", "oops b PER"), r"doc\.tsv:8: not the line of a token with 4 columns or more: oops"),
        (tsv("#Text=a", "1-1 a PER").replace("\tPER\t", ""), r"doc\.tsv:7: not the line of a token"),
        (tsv("#Text=a", "1-1.1 a PER"), r"doc\.tsv:7: not the line of a token"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(LmnError, match=message):
        read_text(tmp_path, content)


def test_a_folder_of_documents(tmp_path: Path) -> None:
    """A file lists the layers that are annotated in it, so that all files together say which layers there are."""
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "a.tsv").write_text(tsv("#Text=a", "1-1 a X", layers=("webanno.custom.Tex|x",)))
    (folder / "b.tsv").write_text(tsv("#Text=a", "1-1 b PER", layers=(f"{ENTITY}|value",)))
    (folder / "c.tsv").write_text(tsv("#Text=a", "1-1 c", layers=()))
    (folder / "notes.txt").write_text("x")
    log = ProblemLog()
    found = read_file(folder, READER, log=log)
    assert seen(found) == [("a", []), ("b", [(0, 1, "PER")]), ("c", [])]
    assert [(s.id, s.where and Path(s.where.file).name) for s in found] == [
        ("c/s/0", "a.tsv"),
        ("c/s/1", "b.tsv"),
        ("c/s/2", "c.tsv"),
    ]
    assert (log.counts, WebAnnoOptions.of(READER).data(tmp_path, "train").missing()) == ({"unannotated": 2}, None)


def test_an_export_of_a_project_holds_a_file_for_each_annotator(tmp_path: Path) -> None:
    for name in ("doc1.txt/ann.tsv", "doc1.txt/bob.tsv", "doc2.txt/ann.tsv"):
        (tmp_path / "annotation" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "annotation" / name).write_text(tsv("#Text=a", "1-1 a PER"))
    with pytest.raises(
        LmnError,
        match=r"bob\.tsv: the document doc1\.txt is there twice, as ann\.tsv and as bob\.tsv; the card's reader\.files",
    ):
        read_file(tmp_path / "annotation", READER)
    assert len(read_file(tmp_path / "annotation", {**READER, "files": "ann.tsv"})) == 2
    none = WebAnnoOptions.of({**READER, "files": "x.tsv"}).data(tmp_path, "annotation").missing()
    assert str(none).endswith("holds no file to read; the card's reader.files names the files; by this card, x.tsv")


def by_hand(path: Path) -> tuple[list[int], list[tuple[int, int, int, str]]]:
    """Return the lengths of the sentences, and sentence, start, end and label of every annotation of the first column."""
    lengths: Counter[int] = Counter()
    places: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").split("\n"):
        fields = line.split("\t")
        if found := re.fullmatch(r"(\d+)-(\d+)", fields[0]):
            sentence, token = int(found[1]) - 1, int(found[2]) - 1
            lengths[sentence] += 1
            for label, number in re.findall(r"(\w+)\[(\d+)\]", fields[3]):
                places[label, number].append((sentence, token))
    spans = [(where[0][0], where[0][1], where[-1][1] + 1, label) for (label, _), where in places.items()]
    return [lengths[at] for at in sorted(lengths)], spans


@pytest.mark.parametrize(("name", "entities"), [("crane", 78), ("asylum", 102)])
def test_real_texts_with_nested_and_stacked_entities(corpora: Path, name: str, entities: int) -> None:
    path = corpora / "gum_webanno" / f"GUM_news_{name}.tsv"
    lengths, spans = by_hand(path)
    labels = tuple({label for *_, label in spans})
    log = ProblemLog()
    found = read_file(path, {**READER, "feature": "entity", "crossing": "longest"}, labels=labels, nested=True, log=log)
    assert [len(sentence.tokens) for sentence in found] == lengths
    read = {(at, s.start, s.end, s.label) for at, sentence in enumerate(found) for s in sentence.spans}
    assert (len(spans), len(read) + log.counts["double-span"] + log.counts["crossing"]) == (entities, entities)
    assert read <= set(spans)
    assert not log.fatal
    with pytest.raises(
        LmnError, match=r"more than one feature of webanno\.custom\.Referent; .* entity, infstat, salience, identity"
    ):
        read_file(path, READER, labels=LABELS)


def test_both_real_texts_as_a_folder(corpora: Path) -> None:
    reader = {**READER, "feature": "entity", "crossing": "longest"}
    labels = ("person", "place", "organization", "object", "event", "time", "abstract")
    found = counts(read_file(corpora / "gum_webanno", reader, labels=labels, nested=True))
    assert found[:2] == (13 + 15, 289 + 373)
