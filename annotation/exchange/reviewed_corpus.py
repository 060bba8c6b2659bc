"""The corpus that people have corrected: a card, the sentences, who corrected each and when, and what became of the suggestions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ...errors import LmnError, listed
from ...files import read_json, sha256_of
from ...typed_json import Count, from_json
from ..labelled_corpus import SUMMARY_FILE, LabelledCorpus, card_body, check_no_source, put_corpus, sentence_line
from ..provenance import PROVENANCE_FILE, Provenance, handed_on, read_provenance
from .importing import Corrected, Imported
from .suggestions import Suggestions

FIRST_LINE = "# Written by lmn-annotate import. People corrected the labels."
_WRITER = "lmn-annotate import"
_OTHER = "name another folder with --out"


@dataclass(frozen=True, slots=True)
class ReviewSummary:
    """What a corrected corpus holds.

    Attributes:
        texts: Corpus and split that were corrected.
        tool: Annotation tool.
        export: File that the tool exported.
        export_sha256: Hash of that file.
        sentences: Number of sentences in the corpus.
        annotators: Number of sentences by annotator; those of unknown annotators under an empty name.
        verdicts: Number of sentences by what became of their suggestions.
        left_out: Number of sentences that are not in the corpus, by reason.
        kept: Number of suggested entities that stayed.
        added: Number of entities that were not suggested.
        removed: Number of suggested entities that went.
        entities: Number of entities by label.
        problems: Number of problems that the reader repaired or left out, by kind.
        sha256: Hashes of the other files, by name.
    """

    texts: str
    tool: str
    export: str
    export_sha256: str
    sentences: Count
    annotators: dict[str, int]
    verdicts: dict[str, int]
    left_out: dict[str, int]
    kept: Count
    added: Count
    removed: Count
    entities: dict[str, int]
    problems: dict[str, int]
    sha256: dict[str, str] = field(default_factory=dict)


def read_review_summary(folder: Path) -> ReviewSummary:
    """Return what a corrected corpus says that it holds.

    Raises:
        LmnError: The folder holds no corrected corpus, or a damaged one.
    """
    remedy = "name a folder that lmn-annotate import has written"
    path = folder / SUMMARY_FILE
    return from_json(ReviewSummary, read_json(path, remedy), path, writer=_WRITER, remedy=remedy)


def write_reviewed(
    folder: Path, name: str, found: Suggestions, imported: Imported, tool: str, export: Path
) -> ReviewSummary:
    """Write a corrected corpus into a folder, whole or not at all, in place of an earlier one.

    Args:
        folder: Folder of the corpus.
        name: Name of the corpus.
        found: Sentences that were exported.
        imported: The sentences as people left them.
        tool: Name of the tool.
        export: Its export.

    Raises:
        LmnError: A file cannot be written.
    """
    card = found.card
    corpus = LabelledCorpus(name, card.language, card.labels, card.nested, card.join, card)
    rows = list(_numbered(imported.sentences, f"{name}/{found.split}"))
    head = f"{FIRST_LINE}\n# {PROVENANCE_FILE} says who and when, {SUMMARY_FILE} what became of the suggestions.\n"
    body = card_body(corpus, found.split, f"{card.title}, corrected in {tool}")
    lines = [sentence_line(new, one.sentence.tokens, one.sentence.spans, None) for new, one in rows if new]
    return put_corpus(
        folder, found.split, head + body, lines, [_provenance(new, one, found) for new, one in rows],
        lambda sha256: _summary(found, imported, tool, export, sha256), read_review_summary,
    )  # fmt: skip


def check_corrections(folder: Path, found: Suggestions, source: Path | None = None) -> None:
    """Make sure that an import does not take the place of the corpus that was exported.

    Args:
        folder: Folder of the corrected corpus.
        found: Sentences that were exported.
        source: Folder of their files; None for the card's default.

    Raises:
        LmnError: It would.
    """
    check_no_source(
        folder, found.card, source, "the corrected corpus would take the place of the one that was exported"
    )


def check_kept(folder: Path, imported: Imported) -> None:
    """Make sure that an import holds every sentence that an earlier one in its folder holds: their corrections would be lost.

    Args:
        folder: Folder of the corrected corpus.
        imported: The sentences as people left them.

    Raises:
        LmnError: It lacks some, or the provenance of the earlier corpus is damaged.
    """
    if not (folder / PROVENANCE_FILE).is_file():
        return
    new = {one.sentence.id for one in imported.sentences if not one.review.why}
    lost = [row.asked for row in read_provenance(folder) if row.id is not None and row.review and row.asked not in new]
    if lost:
        raise LmnError(
            f"would lose corrected sentences that this import lacks: {len(lost):,} ({listed(lost)})", folder,
            _OTHER,
        )  # fmt: skip


def _numbered(rows: Sequence[Corrected], prefix: str) -> list[tuple[str | None, Corrected]]:
    """Return the sentences, each with its id in the new corpus; None for one that is left out."""
    numbered: list[tuple[str | None, Corrected]] = []
    count = 0
    for one in rows:
        numbered.append((None if one.review.why else f"{prefix}/{count}", one))
        count += not one.review.why
    return numbered


def _provenance(new: str | None, one: Corrected, found: Suggestions) -> Provenance:
    """Return where the labels of a sentence come from: what suggested them, and who corrected them."""
    row = handed_on(new, one.sentence, found.provenance.get(one.sentence.id), found.card.name)
    return replace(row, date=row.date or one.review.date or "", review=one.review)


def _summary(found: Suggestions, imported: Imported, tool: str, export: Path, sha256: dict[str, str]) -> ReviewSummary:
    """Return what a corpus holds."""
    reviews = [one.review for one in imported.sentences if not one.review.why]
    spans = [span for one in imported.sentences if not one.review.why for span in one.sentence.spans]
    left_out = imported.left_out + Counter({"not annotated, and of no sentence of the corpus": imported.nameless})
    return ReviewSummary(
        f"{found.card.name} {found.split}", tool, str(export), sha256_of(export), len(reviews),
        dict(sorted(Counter(review.annotator or "" for review in reviews).items())),
        dict(sorted(Counter(str(review.verdict) for review in reviews).items())), dict(sorted((+left_out).items())),
        sum(review.kept for review in reviews), sum(review.added for review in reviews), sum(review.removed for review in reviews),
        dict(sorted(Counter(span.label for span in spans).items())), dict(sorted(imported.log.counts.items())), sha256,
    )  # fmt: skip
