"""The inline XML format: the sentence again, every entity as `<LABEL>Entity Text</LABEL>`.

Published by Zhan et al. (2026, arXiv 2601.17898). It is no XML document: nothing is escaped, the text is the sentence with tags in
it, and a `<` or a whole tag that stands in the sentence stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Sentence, Span, outer_first
from .grounding import Mark, squeezed
from .inline import MarkedSentence, spans_on_tokens
from .markup import Markup

_LOOSE_TAG = re.compile(r"<([^<>]{1,100})>")
_NAME = re.compile(r"[^\W\d_][\w.:-]*")


class XmlFormat(MarkedSentence):
    """Sentences with entities in tags, nested ones too.

    There is one way at most to read a text as given tokens. Before a token only opening tags may come, after it only closing
    ones, and of a run of opening tags the last ones are the token's own, as many as it begins with: what follows them in the
    token is no opening tag, and what follows the token is a space or a `</`. This holds while no label begins with a slash.
    """

    name = "xml"

    @staticmethod
    def marks(label: str) -> tuple[str, str]:
        """Return what stands before and after an entity with this label."""
        return f"<{label}>", f"</{label}>"

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text.

        Raises:
            LmnError: there is no such variant, or a label begins with a slash.
        """
        _check(labels)
        return super().instruction(labels, variant)

    def markup(self, labels: LabelSet) -> Markup:
        """Return what stands before and after an entity.

        Raises:
            LmnError: a label begins with a slash.
        """
        _check(labels)
        return super().markup(labels)

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Whether another annotation of the same tokens might render alike: never, unless a label begins with a slash."""
        return any(label.startswith("/") for label in labels.names)

    def _read_exactly(self, text: str, tokens: tuple[str, ...], labels: LabelSet) -> tuple[Span, ...] | None:
        """Return the spans if the text is the source with well-formed markup and nothing else, or None."""
        source = " ".join(tokens)
        if text == source:
            return ()
        tag = _tag_of(labels.names)
        if "<" in source and tag.search(source):
            return _read_tokens(text, tokens, tag, nested=self.nested)
        marked = _strip_tags(tag.split(text), source, nested=self.nested)
        return None if marked is None else spans_on_tokens(marked, tokens, source)

    def _split_markup(self, line: str, source: str, labels: LabelSet) -> tuple[list[str | Mark], bool]:
        """Split a damaged text at its tags.

        Case, white space and attributes are forgiven; `<LABEL/>` holds nothing and is taken away. What stands in the sentence
        too is a mark only if it has one of the labels.
        """
        pieces: list[str | Mark] = []
        at = 0
        loose = False
        known = {label.casefold(): label for label in reversed(labels.names)}
        in_source = squeezed(source)
        for found in _LOOSE_TAG.finditer(line):
            tag = _read_tag(found[1], labels, known)
            if tag is None:
                continue
            slash, label, is_empty = tag
            literal = squeezed(found[0]) in in_source
            if literal and (is_empty or (label and label not in labels)):
                continue
            pieces.append(line[at : found.start()])
            if not is_empty:
                pieces.append(Mark(found[0], label, opens=not slash, literal=literal))
            loose = loose or is_empty or not label or found[0] != f"<{slash}{label}>"
            at = found.end()
        pieces.append(line[at:])
        return pieces, loose


def _check(labels: LabelSet) -> None:
    for label in labels.names:
        if label.startswith("/"):
            raise LmnError(
                f"label {label} begins with a slash: as a tag, <{label}> would close an entity; rename it on the card"
            )


@lru_cache(maxsize=64)
def _tag_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Pattern of a tag: its groups are the slash, if there is one, and the label."""
    return re.compile("<(/?)(" + "|".join(map(re.escape, names)) + ")>")


def _read_tag(content: str, labels: LabelSet, known: dict[str, str]) -> tuple[str, str, bool] | None:
    """Read what stands between angle brackets.

    Args:
        content: without the brackets.
        labels: of which a tag may have any.
        known: label by its name in folded case.

    Returns:
        The slash of a closing tag, else nothing; the label, known or not, empty in `</>`; whether the tag is an empty element.
        None where this looks like no tag.
    """
    inside = content.strip()
    slash = "/" if inside.startswith("/") else ""
    inside = inside.removeprefix("/").lstrip()
    is_empty = inside.endswith("/") and inside not in labels
    name, *attributes = inside.removesuffix("/" if is_empty else "").split(maxsplit=1) or [""]
    label = name if name in labels else known.get(name.casefold(), name)
    if label not in labels and not (_NAME.fullmatch(name) or (slash and not name)):
        return None
    if attributes and "=" not in attributes[0]:
        return None
    return slash, label, is_empty


def _strip_tags(pieces: list[str], source: str, *, nested: bool) -> list[tuple[int, int, str]] | None:
    """Take the tags away and check that the source remains.

    Args:
        pieces: the text split at tags: text, slash, label, text, slash, ..., text.
        source: the sentence, in which no tag stands.
        nested: whether entities may lie in entities.

    Returns:
        Entities as (start, end, label) in characters of the source, end exclusive; None where anything else than the source
        remains or tags do not pair.
    """
    if "".join(pieces[::3]) != source:
        return None
    offset = len(pieces[0])
    opened: list[tuple[int, str]] = []
    marked: list[tuple[int, int, str]] = []
    for slash, label, piece in zip(pieces[1::3], pieces[2::3], pieces[3::3]):
        if not slash:
            if opened and not nested:
                return None
            opened.append((offset, label))
        elif not opened or opened[-1][1] != label:
            return None
        else:
            marked.append((opened.pop()[0], offset, label))
        offset += len(piece)
    return None if opened else marked


def _read_tokens(text: str, tokens: tuple[str, ...], tag: re.Pattern[str], *, nested: bool) -> tuple[Span, ...] | None:
    """Read a text token by token: for sentences in which tags stand."""
    at = 0
    opened: list[tuple[int, str]] = []
    spans: list[Span] = []
    for index, token in enumerate(tokens):
        opening = _openers(text, at, tag)
        for label in opening[: len(opening) - len(_openers(token, 0, tag))]:
            opened.append((index, label))
            at += len(label) + len("<>")
        if not text.startswith(token, at) or (len(opened) > 1 and not nested):
            return None
        at += len(token)
        while (found := tag.match(text, at)) and found[1]:
            if not opened or opened[-1][1] != found[2]:
                return None
            spans.append(Span(opened.pop()[0], index + 1, found[2]))
            at = found.end()
        if index + 1 < len(tokens):
            if not text.startswith(" ", at):
                return None
            at += 1
    if at < len(text) or opened or len(set(spans)) < len(spans):
        return None
    return tuple(sorted(spans, key=outer_first))


def _openers(text: str, at: int, tag: re.Pattern[str]) -> list[str]:
    """Return the labels of the opening tags that stand in a row from an offset on."""
    labels = []
    while (found := tag.match(text, at)) and not found[1]:
        labels.append(found[2])
        at = found.end()
    return labels
