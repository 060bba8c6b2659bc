"""Label sets: what keeping, dropping, merging and renaming make of them, and of the corpus's own labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.labels import Label, LabelChangeError, LabelSet, describe_origins, same_labels, writable_name
from llms_meet_ner.typed_json import from_json, to_json

LABELS = LabelSet(
    (Label("PER", "person", "Who."), Label("LOC", "location", "Where."), Label("LOCderiv"), Label("ORG", "", "What."))
)


def test_a_set_that_was_not_changed_takes_its_own_labels() -> None:
    assert (LABELS.corpus_names, LABELS.is_changed) == (("PER", "LOC", "LOCderiv", "ORG"), False)
    assert LABELS.target_of("LOC") == "LOC"
    with pytest.raises(KeyError):
        LABELS.target_of("MISC")


def test_keep_merge_and_rename() -> None:
    changed = LABELS.changed(drop=["ORG"], merge={"LOC": ["LOCderiv"]}, rename={"PER": "PERSON"})
    assert changed.labels == (Label("PERSON", "person", "Who."), Label("LOC", "location", "Where."))
    assert changed.origins == (("PER", "PERSON"), ("LOC", "LOC"), ("LOCderiv", "LOC"), ("ORG", None))
    assert changed.target_of("ORG") is None
    again = changed.changed(keep=["LOC"])
    assert again.names == ("LOC",)
    assert dict(again.origins) == {"PER": None, "LOC": "LOC", "LOCderiv": "LOC", "ORG": None}


def test_merging_into_a_new_label_takes_the_first_ones_words() -> None:
    changed = LABELS.changed(merge={"PLACE": ["LOC", "LOCderiv"]})
    assert changed.labels[1] == Label("PLACE", "location", "Where.")
    assert changed.names == ("PER", "PLACE", "ORG")


def test_two_labels_may_swap_names_only_by_way_of_a_third() -> None:
    with pytest.raises(LabelChangeError, match="there is a label of that name"):
        LABELS.changed(rename={"PER": "ORG"})


@pytest.mark.parametrize(
    "change", [{"keep": ["X"]}, {"drop": ["X"]}, {"merge": {"PER": ["X"]}}, {"rename": {"X": "Y"}}, {"drop": ["PER"], "merge": {"LOC": ["PER"]}}]
)  # fmt: skip
def test_a_label_that_is_not_there_is_named(change: dict[str, object]) -> None:
    with pytest.raises(LabelChangeError, match=r"there is no label (X|PER); there are: "):
        LABELS.changed(**change)  # type: ignore[arg-type]


def test_errors_of_changes_have_fields() -> None:
    with pytest.raises(LabelChangeError) as unknown:
        LABELS.changed(drop=["PER"], merge={"PLACE": ["LOC", "PER"]})
    error = unknown.value
    assert (error.operation, error.what) == ("merge", "there is no label PER")
    assert error.remedy == "there are: LOC, LOCderiv, ORG"
    assert str(error) == "merge: there is no label PER; there are: LOC, LOCderiv, ORG"
    with pytest.raises(LabelChangeError) as twice:
        LABELS.changed(merge={"A": ["LOC"], "B": ["LOC"]})
    assert (twice.value.operation, twice.value.what) == ("merge", "LOC is listed twice")
    with pytest.raises(LabelChangeError) as taken:
        LABELS.changed(rename={"PER": "ORG"})
    assert (taken.value.operation, taken.value.remedy) == ("rename", "merge them")


def test_sets_are_the_same_whatever_their_order_and_the_way_to_them() -> None:
    merged = LABELS.changed(merge={"LOC": ["LOC", "LOCderiv"]}, drop=["ORG"])
    assert same_labels(merged, LABELS.changed(keep=["LOCderiv", "LOC", "PER"], merge={"LOC": ["LOCderiv"]}))
    assert same_labels(LabelSet(LABELS.labels[::-1]), LABELS)
    assert not same_labels(merged, LABELS.changed(drop=["ORG", "LOCderiv"]))
    assert describe_origins(dict(merged.origins)) == "LOCderiv -> LOC, ORG -> O"
    assert describe_origins(dict(LABELS.origins)) == ""


def test_no_label_left() -> None:
    with pytest.raises(LabelChangeError, match=r"^drop: no label is left; drop fewer labels$"):
        LABELS.changed(drop=LABELS.names)
    with pytest.raises(ValueError, match="at least one label"):
        LabelSet(())


def test_a_new_name_that_cannot_be_a_label_is_an_error_of_its_change() -> None:
    for operation, change in (("merge", {"merge": {"A B": ["PER"]}}), ("rename", {"rename": {"PER": "A B"}})):
        with pytest.raises(LabelChangeError, match=rf"^{operation}: not a label name: 'A B' .*; choose another name$"):
            LABELS.changed(**change)  # type: ignore[arg-type]
    with pytest.raises(LabelChangeError) as caught:
        LABELS.changed(drop=["X"])
    moved = caught.value.at("--drop")
    assert (type(moved), str(moved)) == (LabelChangeError, str(caught.value).replace("drop:", "--drop:"))


def test_letters() -> None:
    lettered = LABELS.lettered(definitions=True)
    assert lettered.labels[:2] == (Label("A", "", "Who."), Label("B", "", "Where."))
    assert lettered.target_of("ORG") == "D"
    assert all(not label.definition for label in LABELS.lettered(definitions=False))
    many = LabelSet.of(*(f"L{number}" for number in range(703))).lettered(definitions=True)
    assert (many.names[25], many.names[26], many.names[701], many.names[702]) == ("Z", "AA", "ZZ", "AAA")


@given(st.data())
def test_every_label_of_the_corpus_ends_in_the_set_or_as_o(data: st.DataObject) -> None:
    labels = LABELS
    for _ in range(3):
        names = st.sampled_from(labels.names)
        kept = data.draw(st.lists(names, unique=True, min_size=1))
        merged = data.draw(st.lists(st.sampled_from(kept), unique=True))
        labels = labels.changed(keep=kept, merge={"NEW": merged} if "NEW" not in kept else {})
    targets = {labels.target_of(name) for name in LABELS.names}
    assert targets - {None} == set(labels.names)
    assert from_json(LabelSet, to_json(labels), "here", writer="lmn-x") == labels


@pytest.mark.parametrize("character", ["\x1b", "\x9b", "\u202e", "\ud800", "\x00"])
def test_characters_that_do_harm_are_refused_in_every_text_of_a_label(character: str) -> None:
    for words in (("A" + character,), ("A", character), ("A", "a", f"b{character}")):
        with pytest.raises(ValueError, match=r"holds U|not a label name"):
            Label(*words)
    with pytest.raises(ValueError, match="of the corpus: holds U"):
        LabelSet((Label("A"),), (("A", "A"), ("B" + character, None)))
    assert Label("ŞEHİR", "city\ttown").long == "city\ttown"


def test_many_labels_are_checked_in_one_pass() -> None:
    many = tuple(Label(f"L{number}") for number in range(20_000))
    with pytest.raises(ValueError, match="label L7 is listed twice"):
        LabelSet((*many, Label("L7")))


@pytest.mark.parametrize(
    ("name", "writable"),
    [
        ("PER", "PER"), ("Disease or Syndrome", "Disease_or_Syndrome"), ("-A-", "A"), ("a|b", "a_b"), ("O", "O_2"), ("[ ]", "LABEL"),
        ("x\u202ey", "x_y"), ("GENE", "GENE_2"), ("G ENE", "G_ENE"), ("n" * 300, "n" * 195), ("疾病 名", "疾病_名"),
    ],
)  # fmt: skip
def test_a_name_that_a_format_can_write(name: str, writable: str) -> None:
    assert writable_name(name, ["GENE"]) == writable
    assert Label(writable).name == writable


def test_labels_are_called_as_the_card_or_as_the_files_call_them() -> None:
    files = LabelSet(LabelSet.of("DISEASE", "GENE").labels, (("Disease or Syndrome", "DISEASE"), ("GENE", "GENE")))
    assert files.changed(drop=["Disease or Syndrome"]) == files.changed(drop=["DISEASE"])
    assert files.changed(rename={"Disease or Syndrome": "D"}) == files.changed(rename={"DISEASE": "D"})
    assert files.changed(rename={"Disease or Syndrome": "DISEASE"}) == files
    assert files.changed(merge={"X": ["Disease or Syndrome", "GENE"]}) == files.changed(
        merge={"X": ["DISEASE", "GENE"]}
    )
    dropped = files.changed(drop=["GENE"])
    assert dropped.changed(drop=["GENE"]) == dropped
    assert files.counted_as(dropped) == {"DISEASE": "DISEASE", "GENE": None}
    assert files.changed(rename={"DISEASE": "D"}).counted_as(files) == {"D": "DISEASE", "GENE": "GENE"}
    with pytest.raises(LabelChangeError, match="no label is called O; drop what is to count as O"):
        files.changed(rename={"GENE": "O"})
