"""Options of systems, as command lines and search files give them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..decoding.model import AUTO, check_dtype
from ..decoding.pretrained import QUANTISE, Dtype, Quantise
from ..decoding.requests import CONSTRAINED, FREE, Decoding, resolve_decoding
from ..decoding.server_grammar.dialects import DIALECTS, NO_GRAMMAR
from ..errors import LmnError
from ..reading import LENIENT, Reading
from .examples import Shots
from .server import ServerOptions


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """Options of a system. Everything except the server's address and timeouts affects the answers.

    Attributes:
        decoding: `constrained` writes the sentence with well-formed markup and nothing else; `free` is plain greedy decoding; None
            for what the prompt's format allows.
        batch_size: Number of sentences decoded together.
        max_new_tokens: Bound on a free output, in tokens; None sets one for each sentence.
        dtype: Data type of the weights.
        shots: Examples for the base model, which then answers without its adapter; None for the trained model.
        server: Server that generates; None for this process.
        trust_remote_code: Whether Python code that comes with the base model may run.
        reading: Reading of the outputs, which also says at which newline a free output ends.
        quantise: Quantisation of the base model while it is loaded; None for that of the training on CUDA.
    """

    decoding: Decoding | None = None
    batch_size: int = 16
    max_new_tokens: int | None = None
    dtype: Dtype = AUTO
    shots: Shots | None = None
    server: ServerOptions | None = None
    trust_remote_code: bool = False
    reading: Reading = LENIENT
    quantise: Quantise | None = None

    def __post_init__(self) -> None:
        """Check that the options go together.

        Raises:
            LmnError: A server is to decode under constraints without grammars, or freely with them or their depth, an output is bounded
                that the sentence bounds already, or a value is out of range.
        """
        check_dtype(self.dtype)
        if self.batch_size < 1:
            raise LmnError(f"batch_size is {self.batch_size}; it is at least 1")
        if self.quantise is not None and self.quantise not in QUANTISE:
            raise LmnError(f"no quantisation {self.quantise!r}; there are: {', '.join(QUANTISE)}")
        if self.quantise and self.server:
            raise LmnError("a server decides that by itself", f"--quantize {self.quantise}", "leave it out")
        if self.decoding == CONSTRAINED and self.max_new_tokens is not None:
            raise LmnError(
                "--max-new-tokens bounds free outputs, and a constrained one ends with its sentence",
                remedy="leave it out, or --decoding free",
            )
        if self.server and self.decoding == CONSTRAINED and self.server.grammar == NO_GRAMMAR:
            raise LmnError(
                "a server decodes under constraints by a grammar in each request", f"--grammar {NO_GRAMMAR}",
                "leave it out, or --decoding free",
            )  # fmt: skip
        if self.server and self.decoding != CONSTRAINED and self.server.grammar in DIALECTS:
            raise LmnError(
                "a server decodes freely unless told otherwise", f"--grammar {self.server.grammar}",
                f"add --decoding {CONSTRAINED}, or leave it out",
            )  # fmt: skip
        if self.server and self.decoding != CONSTRAINED and self.server.grammar_depth is not None:
            raise LmnError(
                "free decoding has no grammar, so nothing has that depth", f"--grammar-depth {self.server.grammar_depth}",
                f"add --decoding {CONSTRAINED}, or leave it out",
            )  # fmt: skip

    def for_format(self, name: str, *, nested: bool = False) -> SystemOptions:
        """Return the options with a decoding, for prompts in a format.

        Args:
            name: Name of the format.
            nested: Whether entities may lie inside others.

        Raises:
            LmnError: The format does not allow the decoding that is asked for, or it or its decoding does not go with the other options.
        """
        if self.server and self.server.grammar_depth is not None and not nested:
            raise LmnError(
                "the model was asked for entities that do not nest, of which one is open at a time",
                f"--grammar-depth {self.server.grammar_depth}", "leave it out",
            )  # fmt: skip
        decoding = self.decoding or (FREE if self.server else None)
        return replace(self, decoding=resolve_decoding(decoding, name))
