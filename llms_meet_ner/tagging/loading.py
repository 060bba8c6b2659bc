"""Taggers made of a model's name: an adapter, a merged model, a student, or a model behind a server."""

from __future__ import annotations

import os
from pathlib import Path

from ..decoding.model import AUTO, check_dtype
from ..decoding.pretrained import Dtype, Quantise
from ..decoding.requests import DECODINGS, Decoding
from ..errors import LmnError
from ..prompting.card_prompts import CardPrompts, card_prompts
from ..sentence import SPACE
from ..systems.adapter_choice import AdapterChoice, served_by_prompt
from ..systems.choosing import answer_kind
from ..systems.local import LocalSystem
from ..systems.options import SystemOptions
from ..systems.server import ServerOptions
from ..systems.student import Student
from ..systems.system import System
from .splitting import AUTO_LANGUAGE, splitter_for
from .tagger import Tagger


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    base: str | None = None,
    revision: str | None = None,
    prompt: str | os.PathLike[str] | None = None,
    corpus: str | None = None,
    variant: str | None = None,
    template: str | None = None,
    decoding: Decoding | None = None,
    batch_size: int = 16,
    dtype: Dtype = AUTO,
    quantize: Quantise | None = None,
    language: str | None = AUTO_LANGUAGE,
    min_confidence: float | None = None,
    server: ServerOptions | str | None = None,
    trust_remote_code: bool = False,
) -> Tagger:
    """Load an adapter, a merged model or a student for tagging, on CUDA if there is a card; or use a served model.

    Args:
        model: Folder that training has written, folder of a merged model, or Hub id of any. None for a served model, if `prompt` or
            `corpus` says what it is asked with.
        base: Folder or Hub id of an adapter's base model; None for the one that the adapter names.
        revision: Branch, tag or commit of a Hub id; None for its main branch.
        prompt: A `prompt_spec.json`; None for the one next to the weights.
        corpus: Name or file of a corpus card, whose prompt is taken if there is no `prompt_spec.json`.
        variant: Wording of that prompt; None for the card's.
        template: LLaMA-Factory's name of the chat template, for the prompt of a card; a server needs none.
        decoding: `constrained` writes the sentence with well-formed markup and nothing else; `free` is plain greedy decoding; None
            for the first if the prompt's format allows it, and for the second on a server.
        batch_size: Number of sentences decoded together.
        dtype: `float32`, `bfloat16`, `float16`, or `auto`: on CUDA as the base model was saved; on a CPU bfloat16 if it has instructions
            for it (AVX-512 BF16, AMX), otherwise float32.
        quantize: `4bit` or `8bit` to load the base model so, with bitsandbytes; None to load it as it is.
        language: Language of the texts, a code of spaCy's (`en`, `de`, ...; `xx` for any); `auto` for `en`, or for one token a character
            where the prompt joins tokens without spaces; None if spaces separate their tokens.
        min_confidence: Smallest confidence of the entities that are kept; None keeps all.
        server: Address of a server with OpenAI's protocol up to `/v1`, or its options; None for a model in this process.
        trust_remote_code: Whether Python code that comes with the base model may run. Read it first: it can do what you can.

    Raises:
        LmnError: The model, its prompt or its base model cannot be found or loaded, the language is not known, a package is missing,
            the decoding is unknown or not possible in the prompt's format, or options do not go together.
    """
    check_dtype(dtype)
    if decoding is not None and decoding not in DECODINGS:
        raise LmnError(f"no decoding is called {decoding!r}; there are: {', '.join(DECODINGS)}")
    address = ServerOptions(server) if isinstance(server, str) else server
    options = SystemOptions(
        decoding, batch_size, dtype=dtype, server=address, trust_remote_code=trust_remote_code, quantise=quantize
    )  # fmt: skip
    choice = None
    path = Path(prompt) if prompt else None
    if model is not None:
        choice = AdapterChoice(os.fspath(model), revision, base, path, template)
    system = _system(choice, path, card_prompts(corpus) if corpus else None, variant, options)
    return tagger_of(system, language, min_confidence)


def tagger_of(system: System, language: str | None = AUTO_LANGUAGE, min_confidence: float | None = None) -> Tagger:
    """Return a tagger with a system, whose model is loaded now if it runs in this process.

    Args:
        system: The system.
        language: Language of the texts, as for `load`.
        min_confidence: Smallest confidence of the entities that are kept; None keeps all.

    Raises:
        LmnError: The language is not known, the model cannot be loaded, or it gives no confidences and a smallest one is set.
    """
    kind = answer_kind(system)
    splitter = splitter_for(language, kind.join if kind else SPACE)
    Tagger(system, splitter, min_confidence=min_confidence)  # which checks before a model is loaded
    if isinstance(system, LocalSystem):
        loaded = system.load()
        return Tagger(system, splitter, loaded.remark, loaded.dtype, min_confidence)
    dtype = system.load().dtype if isinstance(system, Student) else None
    return Tagger(system, splitter, None, dtype, min_confidence)


def _system(
    choice: AdapterChoice | None, prompt: Path | None, card: CardPrompts | None, variant: str | None,
    options: SystemOptions,
) -> System:  # fmt: skip
    """Return what `load` names."""
    if choice:
        return choice.system(card, None, variant, options)
    if options.server is None:
        raise LmnError("which model?", remedy="name an adapter, a merged model or a student, or a server")
    return served_by_prompt(prompt, card, variant, options)
