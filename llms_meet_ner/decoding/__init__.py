"""Decoding: from prompts to outputs, either free or constrained to the sentence with well-formed markup.

| module | what it does |
|---|---|
| `model.py` | a model that is ready to generate |
| `model_files.py` | checks the files of a base model before anything is loaded |
| `cpu.py` | whether a CPU computes in bfloat16 |
| `pretrained.py` | loads base models, adapters and tokenizers, without running code that comes with them |
| `linear_layers.py` | lays out linear layers as a CPU computes them fastest |
| `requests.py` | what a generator is asked for, and what it offers |
| `batches.py` | plans the batches of a run, and resumes an unfinished run |
| `bounds.py` | after how many tokens an output is cut off |
| `greedy.py` | free decoding with transformers' `generate` |
| `constrained.py` | constrained decoding, with proposals that save passes |
| `grammar.py` | the outputs that a sentence can have, as an automaton over bytes |
| `vocabulary.py` | the bytes of each token of a tokenizer, as a trie |
| `constraint.py` | the tokens that may come next: the grammar and the vocabulary together |
| `guesser.py` | guesses the entities of a sentence from the sentences before it |
| `continuation.py` | writes the rest of an output as a plan says |
| `reach.py` | how far a proposal reaches, from the cost of a pass and the chances of tokens |
| `packed.py` | passes over several sentences without padding, with a key-value cache |
| `confidence.py` | probabilities of entities, from the choices that decoding made |
| `server_grammar/` | the same for a server: a grammar in each request, and the check of the answer |
| `memory.py` | the error for a device that runs out of memory |

How constrained decoding works:

    sentence --> Grammar --+
                           +--> Constraint --> allowed tokens --+
    tokenizer --> Vocabulary                                    +--> Choice --> next token of the output
                                                                |
    prompt, output so far, proposal --> PackedModel --> logits -+
                              ^
                              +-- continuation <-- plan <-- EntityGuesser

Words used here:

- pass: one run of the model over new tokens of one or more sentences.
- mark: text before or after an entity. Opening and closing marks together are the markup.
- state: what the grammar knows of an output so far, as a number. Equal states allow the same continuations.
- step: one token of an output. A step is a decision if the allowed tokens write different marks (or some write none).
- group: the allowed tokens of a step that write the same mark.
- plan: where entities are expected to open and close, and their labels.
- proposal: the expected rest of an output, in tokens, or the beginning of that rest. One pass checks all of it.
- reach: number of tokens of a proposal.
- hint: the token that the model last chose at a state.
- bound: number of tokens after which an output is cut off if nothing else ends it.
"""
