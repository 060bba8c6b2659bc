"""Plants errors into a corpus as a real model makes them, and counts how many of them stand among the first doubts about its entities.

    python tests/benchmarks/doubts.py wikigold --source DIR --errors-of outputs/minilm_wikigold --recipe recipes/students/minilm_demo.yaml

The model's errors are those on --errors-split, which it was not trained on: entities that it gives another label, whose boundaries it moves, or
that it misses, and entities that it marks where there is none. As many of these as a --share of the entities of --split are planted, drawn at
random by the seed; --kinds leaves some kinds out. Then students are trained on the other folds of the corpus, with the errors in it, and doubts
are ranked. The corpus has errors of its own: only planted ones count, so the share of true errors among the first doubts is at least the share
that is printed. Everything is kept in --out; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from planting import KINDS, Confusions, Planted, confusions_of, hit_by, plant

from llms_meet_ner.annotation.doubts.folds import fold
from llms_meet_ner.annotation.doubts.judging import Judgement
from llms_meet_ner.annotation.doubts.out_of_fold import Judging, flat
from llms_meet_ner.annotation.doubts.ranking import Doubt, Witness, gold_tags, rank
from llms_meet_ner.annotation.doubts.token_issues import find_token_issues
from llms_meet_ner.annotation.simulation.learner import StudentLearner
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.data_converters.cards import Card
from llms_meet_ner.eval.analysis.separation import separate
from llms_meet_ner.eval.evaluate import read_gold
from llms_meet_ner.prediction.run import predict
from llms_meet_ner.records import read_records
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.tagging.loading import load


def errors_of(folder: Path, card: Card, split: str, source: Path | None) -> Confusions:
    """Return the errors of a model on a split."""
    sentences, _ = flat([one for one in read_gold(card, split, source).sentences if not one.is_docstart])
    answers = load(folder).system.answer(sentences)
    return confusions_of(sentences, [answer.spans or () for answer in answers])


def witness_of(folder: Path, sentences: Sequence[Sentence], out: Path) -> Witness:
    """Return what another model says of the sentences."""
    system = load(folder).system
    records = read_records(predict(system, sentences, out))
    return Witness(str(folder), [dict(zip(one.spans, one.confidences or ())) for one in records])


def doubts_of(
    card: Card, sentences: Sequence[Sentence], asked: argparse.Namespace, seed: int, witness: Witness | None
) -> tuple[list[Judgement], list[list[Doubt]]]:
    """Return what the students say, and ranked doubts by the students alone, and by the students and the other model."""
    learner = StudentLearner.of(asked.recipe, asked.overrides, card)
    parts = fold(sentences, asked.folds, seed, gaps=card.docstart == "boundary")
    judging = Judging(sentences, parts, learner, seed)
    for line in judging.plan():
        print(f"seed {seed}: {line}", flush=True)
    judgements = judging.run(
        asked.out / f"seed-{seed}", {"seed of the errors": seed, "share": asked.share, "kinds": asked.kinds}
    )
    texts = [one for one in sentences if not one.is_docstart]
    issues = find_token_issues([gold_tags(one, card.labels.names) for one in texts], [one.tags for one in judgements])
    witnesses: list[Sequence[Witness]] = [(), *([(witness,)] if witness else [])]
    return judgements, [rank(texts, judgements, issues, found) for found in witnesses]


def show(name: str, doubts: Sequence[Doubt], planted: Sequence[Planted], entities: int, first: int) -> None:
    """Print how many of the planted errors stand among the first doubts."""
    hits = {one for doubt in doubts[:first] if (one := hit_by(doubt, planted))}
    base = len(planted) / entities
    rate = len(hits) / first
    print(
        f"{name}: {len(hits)} of the first {first} doubts are planted errors: {rate / base:.1f} x the base rate of {base:.1%}"
    )
    kinds, found = Counter(one.kind for one in planted), Counter(one.kind for one in hits)
    print("  " + ", ".join(f"{kind}: {found[kind]} of {count}" for kind, count in sorted(kinds.items())))
    area = separate([[(doubt.score, hit_by(doubt, planted) is not None)] for doubt in doubts])
    if area:
        print(f"  AUROC of the score, planted against other doubts: {area.auroc:.4f}", flush=True)


def main() -> None:
    """Print the share of planted errors among the first doubts, for each seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("card")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    parser.add_argument("--source", type=Path)
    parser.add_argument("--split", default="train")
    parser.add_argument("--errors-of", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--errors-split", default="dev")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument(
        "--witness", type=Path, metavar="FOLDER", help="another model, which was not trained on the corpus"
    )
    parser.add_argument(
        "--kinds", default=",".join(KINDS), help="kinds of errors that are planted (default: %(default)s)"
    )
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_intermixed_args()
    card = load_card(asked.card)
    errors = errors_of(asked.errors_of, card, asked.errors_split, asked.source)
    print("errors of the model:", ", ".join(f"{kind} {count}" for kind, count in sorted(errors.kinds.items())))
    errors = errors.only(asked.kinds.split(","))
    gold, _ = flat(read_gold(card, asked.split, asked.source).sentences[: asked.limit])
    entities = sum(len(one.spans) for one in gold)
    texts = [one for one in gold if not one.is_docstart]
    witness = witness_of(asked.witness, texts, asked.out / "witness") if asked.witness else None
    for seed in map(int, asked.seeds.split(",")):
        wrong, planted = plant(gold, errors, asked.share, seed)
        judgements, ranked = doubts_of(card, wrong, asked, seed, witness)
        for name, doubts in zip(("students", "students and witness"), ranked):
            show(f"seed {seed}, {name}", doubts, planted, entities, asked.first)
        sure = [
            [(sure, span in one.spans) for span, sure in zip(said.spans, said.confidences)]
            for one, said in zip(texts, judgements, strict=True)
        ]
        if area := separate(sure):
            low, high = area.interval.low, area.interval.high
            print(
                f"  AUROC of the students' confidences against the original gold: {area.auroc:.4f} ({low:.4f} to {high:.4f})"
            )


if __name__ == "__main__":
    main()
