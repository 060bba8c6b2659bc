"""Which training sentences a prompt shows: by rules that can be repeated, whatever the machine."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LmnError, PromptSpec, Sentence, Span
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.alpaca import merge_dataset_info, write_split
from llms_meet_ner.generation import Generation
from llms_meet_ner.systems.examples import RecipeExamples, Shots
from llms_meet_ner.training.recipe import Recipe

LABELS = ("PER", "ORG", "LOC", "MISC")
MANY = [
    Sentence(f"demo/train/{n}", (f"Word{n}", "met", f"Other{n}", "."), (Span(0, 1, LABELS[n % 4]),)) for n in range(20)
]


def recipe_for(folder: Path, sentences: list[Sentence]) -> tuple[Recipe, PromptSpec]:
    card = load_card("demo")
    spec = prompt_spec_of(card, "bracketed", "short")
    with Generation() as files:
        converted = write_split(card, "train", sentences, spec, folder, files)
        merge_dataset_info(card, {"train": converted}, spec, folder, files)
    values = {"model_name_or_path": "m", "template": "t", "dataset": "demo.short_train", "dataset_dir": str(folder)}
    return Recipe(Path("r.yaml"), {**values, "output_dir": "o"}), spec


def ids(folder: Path, sentences: list[Sentence], shots: Shots, asked: Any = (("x", "x"),)) -> list[list[str]]:
    recipe, spec = recipe_for(folder, sentences)
    marked = [Sentence(name, tuple(text.split())) for name, text in asked]
    return [[e.id for e in examples] for examples in RecipeExamples(recipe, spec, shots).choose(marked).by_sentence]


@pytest.mark.parametrize("rule", ["random", "covering", "nearest"])
def test_only_sentences_with_an_entity_are_shown_each_text_once(tmp_path: Path, rule: Any) -> None:
    sentences = [
        Sentence("demo/train/0", ("-DOCSTART-",), (Span(0, 1, "MISC"),)),
        Sentence("demo/train/1", ("No", "names", "here")),
        Sentence("demo/train/2", ("Oslo", "!"), (Span(0, 1, "LOC"),)),
        Sentence("demo/train/3", ("Oslo", "!"), (Span(0, 1, "LOC"),)),
        Sentence("demo/train/4", ("Ada", "left"), (Span(0, 1, "PER"),)),
    ]
    (found,) = ids(tmp_path, sentences, Shots(2, rule))
    assert sorted(found) == ["demo/train/2", "demo/train/4"]
    with pytest.raises(LmnError, match=r"short_train.json: --shots 3, and 2 different sentences there hold an entity"):
        ids(tmp_path, sentences, Shots(3, rule))


def test_what_is_drawn_follows_from_the_seed_and_grows_with_the_number(tmp_path: Path) -> None:
    first, again = (ids(tmp_path, order, Shots(5, seed=7))[0] for order in (MANY, MANY[::-1]))
    assert first == again
    assert first == ["demo/train/11", "demo/train/5", "demo/train/18", "demo/train/7", "demo/train/0"]
    assert ids(tmp_path, MANY, Shots(3, seed=7))[0] == first[:3]
    assert ids(tmp_path, MANY, Shots(5, seed=8))[0] != first


def test_the_sentence_with_the_most_new_labels_comes_first(tmp_path: Path) -> None:
    words = ("A", "b", "C", "d", "E")
    few = [
        Sentence("demo/train/20", words, (Span(0, 1, "PER"), Span(2, 3, "LOC"), Span(4, 5, "ORG"))),
        Sentence("demo/train/21", words[1:], (Span(1, 2, "LOC"), Span(3, 4, "MISC"))),
    ]
    for seed in range(5):
        found = ids(tmp_path, [*MANY[:3], *MANY[4:7], *few], Shots(3, "covering", seed))[0]
        assert found[:2] == ["demo/train/20", "demo/train/21"]
        assert found[2] == next(name for name in ids(tmp_path, MANY[:3] + MANY[4:7], Shots(6, "random", seed))[0])
    singles = ids(tmp_path, MANY, Shots(4, "covering"))[0]
    assert {int(name.split("/")[-1]) % 4 for name in singles} == {0, 1, 2, 3}


def cosine(pool: list[list[str]], one: list[str], other: list[str]) -> float:
    """The cosine of TF-IDF vectors, by the textbook: 1 + ln tf, and ln((1 + n) / (1 + df)) + 1."""
    frequency = Counter(word for words in pool for word in set(words))

    def vector(words: list[str]) -> dict[str, float]:
        weight = {word: math.log((1 + len(pool)) / (1 + frequency[word])) + 1 for word in frequency}
        return {word: (1 + math.log(count)) * weight[word] for word, count in Counter(words).items() if word in weight}

    a, b = vector(one), vector(other)
    norms = math.hypot(*a.values()) * math.hypot(*b.values())
    return round(sum(a[word] * b.get(word, 0) for word in a) / norms, 9) if norms else 0.0


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from("aBcDe"), min_size=1, max_size=6).map(tuple), min_size=4, max_size=9, unique=True
    ),
    st.lists(st.sampled_from("AbCdEf"), min_size=1, max_size=6),
    st.integers(1, 3),
)
def test_the_nearest_are_those_with_the_greatest_cosine_the_nearest_last(
    tmp_path_factory: pytest.TempPathFactory, pool: list[tuple[str, ...]], asked: list[str], number: int
) -> None:
    sentences = [Sentence(f"demo/train/{n}", words, (Span(0, 1, "PER"),)) for n, words in enumerate(pool)]
    folder = tmp_path_factory.mktemp("near")
    found, own = ids(folder, sentences, Shots(number, "nearest"), [("x", " ".join(asked)), ("demo/train/1", "a")])
    lower = [[word.lower() for word in words] for words in pool]
    values = [cosine(lower, [word.lower() for word in asked], words) for words in lower]
    best = sorted(range(len(pool)), key=lambda at: (-values[at], at))[:number]
    assert found == [f"demo/train/{at}" for at in reversed(best)]
    assert len(own) == number
    assert "demo/train/1" not in own


def test_a_sentence_does_not_see_its_own_answer(tmp_path: Path) -> None:
    chosen = ids(tmp_path, MANY, Shots(1))[0][0]
    with pytest.raises(LmnError, match=f"{chosen}: chosen as an example, and among the sentences to mark"):
        ids(tmp_path, MANY, Shots(1), [(chosen, "x")])
    with pytest.raises(LmnError, match="without demo/train/1 itself the training data holds only 1 examples"):
        ids(tmp_path, MANY[:2], Shots(2, "nearest"), [("demo/train/1", "x")])


def test_a_run_notes_its_examples(tmp_path: Path) -> None:
    recipe, spec = recipe_for(tmp_path, MANY)
    marked = [Sentence("x", ("Word3",)), Sentence("y", ("Word4",))]

    def stamp(*shots: Any) -> dict[str, Any]:
        return RecipeExamples(recipe, spec, Shots(*shots)).choose(marked).stamp()

    nothing = {"number": 0, "rule": None, "seed": None, "dataset": None, "ids": None, "sha256": None}
    assert stamp() == nothing
    drawn = stamp(2, "covering", 5)
    assert len(drawn["ids"]) == 2
    assert {**drawn, "ids": None, "sha256": None} == nothing | {
        "number": 2, "rule": "covering", "seed": 5, "dataset": "demo.short_train",
    }  # fmt: skip
    near = stamp(1, "nearest")
    assert (near["ids"], near["seed"], len(near["sha256"])) == (None, None, 64)
    marked.reverse()
    assert stamp(1, "nearest")["sha256"] != near["sha256"]
    assert stamp(2, "covering", 5) == drawn
    recipe_for(tmp_path, [dataclasses.replace(s, spans=(Span(0, 1, "PER"),)) for s in MANY])
    assert stamp(1, "nearest")["sha256"] != near["sha256"]
    assert [Shots(*shots).mark for shots in ((), (2, "covering", 5), (1, "nearest"))] == [
        "untrained", "shots2-covering-seed5", "shots1-nearest",
    ]  # fmt: skip


def test_numbers_and_rules_that_are_none_are_refused() -> None:
    with pytest.raises(LmnError, match="-1 examples"):
        Shots(-1)
    with pytest.raises(LmnError, match="no rule of examples is called 'best'; there are: random, covering, nearest"):
        Shots(1, "best")  # type: ignore[arg-type]
