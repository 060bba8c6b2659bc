"""Reader of WebAnno TSV 3 (3.0 to 3.3), which WebAnno and INCEpTION export: a file for each document, with sentences and tokens.

The format is described in INCEpTION's user guide, "WebAnno TSV 3.3 File format".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from ...errors import LmnError, listed
from ...sentence import Sentence, Span, Where
from ..problems import ProblemLog
from .common import CorpusRules
from .file_sets import CorpusFiles, files_below
from .spanned import Crossing, Discontinuous, SpannedReader
from .text_files import open_text
from .webanno_lines import Header, MarkedSentence, read_header, read_sentences

_NAMED_ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
_WORDS = ("de.tudarmstadt.ukp.dkpro.core.api.lexmorph.", "de.tudarmstadt.ukp.dkpro.core.api.segmentation.")
"""Beginnings of the names of layers that describe words: parts of speech, lemmas and the like. Entities are never in them."""


@dataclass(frozen=True, slots=True)
class WebAnnoOptions:
    """Layout of WebAnno TSV 3.

    Attributes:
        layer: Name of the layer of spans that holds the entities, or the part of it after the last dot; None for the only one, or for
            the built-in layer of named entities.
        feature: Feature that holds the labels; None for the layer's only one, or for `value`.
        files: Pattern of the names of the files in a folder, as a shell matches them.
        cut: Treatment of an entity that begins or ends inside a token: `outward` widens it to the token, `drop` leaves it out, `error`
            refuses it.
        crossing: Treatment of crossing entities; see `SpannedReader`.
        discontinuous: Treatment of an entity whose tokens are not side by side: `drop` leaves it out, `join` reads it with the tokens
            between, `error` refuses it.
        encoding: Encoding of the files; a byte order mark is skipped.
    """

    layer: str | None = None
    feature: str | None = None
    files: str = "*.tsv"
    cut: Literal["outward", "drop", "error"] = "outward"
    crossing: Crossing = "error"
    discontinuous: Discontinuous = "drop"
    encoding: str = "utf-8"

    @classmethod
    def of(cls, reader: dict[str, Any]) -> WebAnnoOptions:
        """Take the keys of a card's `reader`, as the schema next to this file describes them."""
        return cls(**{key: value for key, value in reader.items() if key != "type"})

    def find(self, folder: Path, value: str) -> list[Path]:
        """Return the files of a split: one file, or those below a folder, sorted.

        Raises:
            LmnError: A document is there twice, by several annotators.
        """
        found = files_below(folder / value, lambda name: fnmatchcase(name, self.files))
        # INCEpTION puts the files of a document, one for each annotator, into a folder with the name of the document
        first: dict[str, Path] = {}
        for path in found if len(found) > 1 else []:
            if path.parent.suffix and (other := first.setdefault(path.parent.name, path)) != path:
                what = f"the document {path.parent.name} is there twice, as {other.name} and as {path.name}"
                remedy = "the card's reader.files names the files of one annotator, such as CURATION_USER.tsv, or the split one folder"
                raise LmnError(what, path, remedy)
        return found

    def data(self, folder: Path, value: str) -> CorpusFiles:
        """Return the files of a split."""
        return CorpusFiles(
            folder, value, self.find, f"the card's reader.files names the files; by this card, {self.files}"
        )

    def reader(self, folder: Path, value: str, rules: CorpusRules, log: ProblemLog) -> WebAnnoReader:
        """Return the reader of a split."""
        return WebAnnoReader(folder / value, self.find(folder, value), self, rules, log)


class WebAnnoReader(SpannedReader):
    """Reads the sentences of the files of a split. Every sentence counts in the ids.

    Args:
        path: The file or folder; errors quote it as given.
        files: The files to read, in order.
        options: Layout of the files.
        rules: Rules of the corpus.
        log: Log that takes the problems.
    """

    def __init__(
        self, path: Path, files: Sequence[Path], options: WebAnnoOptions, rules: CorpusRules, log: ProblemLog
    ) -> None:
        super().__init__(str(path), options.crossing, rules, log)
        self.path = path
        self.files = files
        self.options = options
        self._headers: dict[Path, Header] = {}

    def read(self, id_prefix: str, progress: bool = False) -> Iterator[Sentence]:
        """Yield the sentences in order, as `Reader.read` does.

        Raises:
            LmnError: A file cannot be read, or is not WebAnno TSV 3, or it is not clear which layer and feature hold the entities.
        """
        layer, feature = self._chosen()
        count = annotations = unlabelled = 0
        for path in self.files:
            self._file = str(path)
            for sentence in self._grouped(path, layer, feature, progress):
                annotations += len(sentence.marks)
                unlabelled += sum(mark.label is None for mark in sentence.marks)
                spans = list(self._spans(sentence))
                for tokens, inside in self._sentences(
                    sentence.tokens, sentence.ends, [span for span, _ in spans], [s for s, is_kept in spans if is_kept], sentence.line
                ):  # fmt: skip
                    made = self._make(f"{id_prefix}/{count}", tokens, inside, sentence.line)
                    if made:
                        yield made
                    count += 1
        if annotations and unlabelled == annotations:
            what = f"none of {annotations:,} annotations of {layer} has a value of {feature}"
            raise LmnError(what, self.path, "the card's reader.feature names another feature")
        self._report_share(
            "entities are larger or smaller than the tokens of the project; reader.cut: drop leaves such spans out"
        )

    def _chosen(self) -> tuple[str, str]:
        """Return the layer and the feature that hold the entities, by the headers of all files.

        Raises:
            LmnError: There is none, or it is not clear which.
        """
        features: dict[str, dict[str, None]] = defaultdict(dict)  # in the order of the files
        for path in self.files:
            with open_text(path, self.options.encoding, False) as file:
                self._headers[path] = read_header(path, file)
            for name, columns in self._headers[path].layers.items():
                features[name].update(dict.fromkeys(filter(_is_label, columns)))
        if not features:
            raise LmnError("no span layer is annotated", self.path, "annotate a document, and export it again")
        layer = self._one(
            "layer",
            list(features),
            [
                lambda name: self.options.layer in (None, name, name.rpartition(".")[2]),
                lambda name: not name.startswith(_WORDS),
                lambda name: name == _NAMED_ENTITY,
            ],
        )
        feature = self._one(
            f"feature of {layer}",
            list(features[layer]),
            [lambda name: self.options.feature in (None, name), lambda name: name == "value"],
        )
        return layer, feature

    def _one(self, what: str, names: list[str], tests: Sequence[Any]) -> str:
        """Return the name that passes the first test, or, of several, the next ones too, until one is left.

        Raises:
            LmnError: No name passes the first test, or several pass all of them.
        """
        key = what.partition(" ")[0]
        left = [name for name in names if tests[0](name)]
        for test in tests[1:]:
            if len(left) > 1:
                left = [name for name in left if test(name)] or left
        if len(left) == 1:
            return left[0]
        seen = f"no {what}" if not left else f"more than one {what}"
        wanted = getattr(self.options, key)
        raise LmnError(
            f"{seen}{f' is called {wanted}' if wanted else ''}",
            self.path,
            f"the card's reader.{key} names one of: {listed(names, 20) or 'none, so that annotations have no label'}",
        )

    def _grouped(self, path: Path, layer: str, feature: str, progress: bool) -> Iterator[MarkedSentence]:
        """Yield the sentences of a file, those that share an annotation as one."""
        with open_text(path, self.options.encoding, progress) as file:
            column = self._column(self._headers[path], layer, feature)
            group: MarkedSentence | None = None
            for sentence in read_sentences(file, column, self._malformed):
                if group and group.joined(sentence):
                    continue
                if group:
                    yield group
                group = sentence
            if group:
                yield group

    def _column(self, header: Header, layer: str, feature: str) -> tuple[int, bool] | None:
        """Return the column to read in a file and whether it holds labels; None for a file without annotations of the layer."""
        columns = header.layers.get(layer)
        if columns is None:
            self.log.report("unannotated", self._where(1), f"no annotation of {layer}", fatal=False)
            return None
        start = header.starts[layer]
        return (start + columns.index(feature), True) if feature in columns else (start, False)

    def _malformed(self, line: int, message: str, remedy: str) -> None:
        self.log.report("malformed-record", self._where(line), message, remedy=remedy)

    def _spans(self, sentence: MarkedSentence) -> Iterator[tuple[Span, bool]]:
        """Yield the spans of a sentence, and whether they are kept; report those that are not."""
        options = self.options
        for mark in sentence.marks:
            where = self._where(mark.line)
            if mark.label is None or not mark.tokens:
                kind = "unlabelled" if mark.label is None else "outside-text"
                message = "an annotation without a label" if mark.label is None else f"the {mark.label} is empty"
                self.log.report(kind, where, message, fatal=False)
                continue
            span = Span(min(mark.tokens), max(mark.tokens) + 1, mark.label)
            quoted = self._quoted(span, sentence.tokens)
            self._marked += 1
            is_kept = True
            if len(mark.tokens) < span.end - span.start:
                self._report_discontinuous(quoted, mark.line, options.discontinuous)
                is_kept = options.discontinuous == "join"
            if mark.is_cut:
                self._report_cut(quoted, where)
                is_kept = is_kept and options.cut != "drop"
            yield span, is_kept

    def _report_cut(self, quoted: str, where: Where) -> None:
        self._cuts.append(where)
        self.log.report(
            "cut-span",
            where,
            f"{quoted} begins or ends inside a token",
            remedy="the card's reader.cut says what happens to such spans: outward or drop",
            fatal=self.options.cut == "error",
        )


def _is_label(feature: str) -> bool:
    """Return whether a feature can hold labels: it is no slot and no target of one."""
    return bool(feature) and not feature.startswith("ROLE_") and "." not in feature
