"""A component for spaCy's pipelines: `nlp.add_pipe("lmn_ner", config={"adapter": ...})`.

spaCy finds it through the entry point `spacy_factories`, and imports this module when a pipeline asks for it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Optional

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from ..decoding.pretrained import Dtype, Quantise
from ..decoding.requests import Decoding
from ..errors import LmnError
from ..systems.choosing import answer_kind
from ..systems.server import ServerOptions
from ..tagging.loading import load
from ..tagging.splitting import doc_sentences
from ..tagging.tagger import SplitText, TaggedText, Tagger

FACTORY = "lmn_ner"
CONFIDENCE = "confidence"
"""Extension of spans: the confidence of an entity; None if there is none."""
ENTITIES = "lmn_entities"
"""Extension of docs: all entities of the text, those inside others among them, as mappings with `start`, `end` (in characters, end
exclusive), `label`, `text` and `confidence`."""


class LmnNer:
    """Marks entities in docs of spaCy.

    The tokens of a doc are what the model reads, and its sentences, if something has set them; otherwise it is split at sentence-final
    punctuation, as spaCy's sentencizer does, and that is not kept. White space is left out of what the model reads.

    Args:
        tagger: Tags the docs; its own splitter is not used.
        overwrite_ents: Whether entities replace those that the doc has already and that they overlap; otherwise they give way to these.
    """

    def __init__(self, tagger: Tagger, *, overwrite_ents: bool = False) -> None:
        self.tagger = tagger
        self.overwrite_ents = overwrite_ents
        for kind, name in ((Span, CONFIDENCE), (Doc, ENTITIES)):
            if not kind.has_extension(name):
                kind.set_extension(name, default=None)
            elif kind.get_extension(name)[2] is not None:
                raise LmnError(
                    f"another extension is called {kind.__name__}._.{name}, and computes its values", FACTORY,
                    f"remove it: {kind.__name__}.remove_extension({name!r})",
                )  # fmt: skip

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the entities; empty if the system does not say."""
        kind = answer_kind(self.tagger.system)
        return tuple(kind.labels.names) if kind else ()

    def __call__(self, doc: Doc) -> Doc:
        """Mark the entities of a doc, and return it."""
        (found,) = self.pipe([doc])
        return found

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 0) -> Iterator[Doc]:
        """Mark the entities of docs as they come. Sentences of several docs are answered together, whatever the batch size of spaCy is."""
        waiting: deque[Doc] = deque()

        def sources() -> Iterator[SplitText]:
            for doc in stream:
                waiting.append(doc)
                yield SplitText(doc.text, doc_sentences(doc))

        for portion in self.tagger.split_portions(sources()):
            for tagged in portion:
                yield self._marked(waiting.popleft(), tagged)

    def _marked(self, doc: Doc, tagged: TaggedText) -> Doc:
        """Set the entities of a doc."""
        doc._.set(ENTITIES, [entity.to_dict() for entity in tagged.entities])
        found = []
        for entity in tagged.entities:
            span = doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode="expand")
            span._.set(CONFIDENCE, entity.confidence)
            found.append(span)
        found = filter_spans(found)  # of entities inside others, the outer ones
        there = list(doc.ents)
        if self.overwrite_ents:
            there = _apart(there, found)
        else:
            found = _apart(found, there)
        doc.set_ents([*there, *found])
        return doc


def make_component(
    nlp: Language,
    name: str,
    adapter: Optional[str],  # noqa: UP045 - spaCy makes a schema of these types
    base: Optional[str],  # noqa: UP045
    revision: Optional[str],  # noqa: UP045
    prompt: Optional[str],  # noqa: UP045
    corpus: Optional[str],  # noqa: UP045
    variant: Optional[str],  # noqa: UP045
    template: Optional[str],  # noqa: UP045
    decoding: Optional[Decoding],  # noqa: UP045
    batch_size: int,
    dtype: Dtype,
    quantize: Optional[Quantise],  # noqa: UP045
    min_confidence: Optional[float],  # noqa: UP045
    base_url: Optional[str],  # noqa: UP045
    served_model: Optional[str],  # noqa: UP045
    overwrite_ents: bool,
    trust_remote_code: bool,
) -> LmnNer:
    """Return the component for a pipeline; the settings are those of `load`, with a server as `base_url` and `served_model`.

    Raises:
        LmnError: `load` fails.
    """
    server = ServerOptions(base_url, served_model) if base_url else None
    tagger = load(
        adapter, base=base, revision=revision, prompt=prompt, corpus=corpus, variant=variant, template=template, decoding=decoding,
        batch_size=batch_size, dtype=dtype, quantize=quantize, language=None, min_confidence=min_confidence, server=server,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    return LmnNer(tagger, overwrite_ents=overwrite_ents)


Language.factory(
    FACTORY,
    default_config={
        "adapter": None, "base": None, "revision": None, "prompt": None, "corpus": None, "variant": None, "template": None,
        "decoding": None, "batch_size": 16, "dtype": "auto", "quantize": None, "min_confidence": None, "base_url": None,
        "served_model": None,
        "overwrite_ents": False, "trust_remote_code": False,
    },
    assigns=["doc.ents", "token.ent_type", "token.ent_iob", f"doc._.{ENTITIES}", f"span._.{CONFIDENCE}"],
    func=make_component,
)  # fmt: skip


def _apart(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the spans that share no token with others."""
    taken = {at for span in others for at in range(span.start, span.end)}
    return [span for span in spans if taken.isdisjoint(range(span.start, span.end))]
