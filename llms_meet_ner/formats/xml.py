"""The XML format: the sentence again, every entity as `<LABEL>Entity Text</LABEL>`.

It was published by Zhan et al. (2026, arXiv 2601.17898). The text is not an XML document: it is the sentence with tags in it.
Nothing is escaped, so a `<` or a whole tag in the sentence stays as it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Sentence, Span, outer_first
from .inline import InlineFormat, spans_on_tokens
from .markup import Mark, Markup
from .normal import squeezed
from .readings import MarkPatterns
from .substrings import Substrings

_LOOSE_TAG = re.compile(r"<([^<>]{1,100})>")
_NAME = re.compile(r"[^\W\d_][\w.:-]*")


class XmlFormat(InlineFormat):
    """Writes and reads sentences with entities in tags.

    Between spaces, a text has at most one reading, as long as no label begins with a slash:

    - Only opening tags come before a token, and only closing tags after it.
    - In a run of opening tags, the last ones belong to the token: as many as the token begins with. What follows them in the
      token is not an opening tag.
    - A space or a `</` follows a token.
    """

    name = "xml"

    @staticmethod
    def marks(label: str) -> tuple[str, str]:
        """Return the opening and the closing tag of an entity with this label."""
        return f"<{label}>", f"</{label}>"

    def instruction(self, labels: LabelSet, variant: str = "full") -> str:
        """Return the instruction text.

        Raises:
            LmnError: The format does not have this variant, or a label begins with a slash.
        """
        _check(labels)
        return super().instruction(labels, variant)

    def markup(self, labels: LabelSet) -> Markup:
        """Return the opening and closing tags of all labels.

        Raises:
            LmnError: A label begins with a slash.
        """
        _check(labels)
        return super().markup(labels)

    def is_ambiguous(self, sentence: Sentence, labels: LabelSet) -> bool:
        """Return whether another annotation of the same tokens, with these labels, renders to the same text.

        This takes a label that starts with a slash, or a tag in the tokens themselves where no space tells what it belongs to. The
        answer is also True if there are too many readings to compare them all (1,000).
        """
        if any(label.startswith("/") for label in labels.names):
            return True
        source = self.join.join(sentence.tokens)
        return not self.join and _has_tag(source, labels) and self._has_readings(sentence, labels)

    def _read_exactly(
        self, text: str, tokens: tuple[str, ...], labels: LabelSet, reasons: set[str]
    ) -> tuple[Span, ...] | None:
        """Return the spans if the text is the source with well-formed markup and nothing else, or None."""
        source = self.join.join(tokens)
        if text == source:
            return ()
        tag = _tag_of(labels.names)
        if _has_tag(source, labels):
            if not self.join:
                return self._first_reading(text, tokens, self._patterns(labels.names), reasons, self.join)
            return _read_tokens(text, tokens, tag, nested=self.nested)
        marked = _strip_tags(tag.split(text), source, nested=self.nested)
        return None if marked is None else spans_on_tokens(marked, tokens, source, self.join)

    @staticmethod
    def _patterns(names: tuple[str, ...], *, spaced: bool = True) -> MarkPatterns:
        labels = "|".join(map(re.escape, names))
        return MarkPatterns(re.compile(f"<({labels})>"), re.compile(f"</({labels})>"))

    def _split_markup(self, line: str, source: str, labels: LabelSet) -> tuple[list[str | Mark], bool]:
        """Split a damaged text at its tags; the base class says what is returned.

        Case, white space and attributes of a tag do not matter. An empty element, `<LABEL/>`, is removed. A tag that the source
        holds too is a mark only if its label is in the label set.
        """
        pieces: list[str | Mark] = []
        at = 0
        loose = False
        known = {label.casefold(): label for label in reversed(labels.names)}
        tags = list(_LOOSE_TAG.finditer(line))
        in_source = Substrings(squeezed(source), {squeezed(found[0]) for found in tags})
        for found in tags:
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
                f"label {label} begins with a slash: as a tag, <{label}> would close an entity",
                remedy="rename it on the card",
            )


@lru_cache(maxsize=64)
def _tag_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of a tag; its groups are the slash (or nothing) and the label."""
    return re.compile("<(/?)(" + "|".join(map(re.escape, names)) + ")>")


def _has_tag(source: str, labels: LabelSet) -> bool:
    """Return whether a source holds a tag of a label."""
    return "<" in source and _tag_of(labels.names).search(source) is not None


def _read_tag(content: str, labels: LabelSet, known: dict[str, str]) -> tuple[str, str, bool] | None:
    """Read the text between two angle brackets.

    Args:
        content: Text without the brackets.
        labels: Label set.
        known: Labels by their case-folded names.

    Returns:
        The slash of a closing tag or an empty string; the label, known or not, empty for `</>`; and whether the tag is an empty
        element. None if this does not look like a tag.
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
    """Remove the tags and check that the source remains.

    Args:
        pieces: Text split at its tags: text, slash, label, text, slash, ..., text.
        source: Source, which holds no tag.
        nested: Whether entities may lie inside entities.

    Returns:
        Entities as (start, end, label) in characters of the source, end exclusive; None if the source does not remain or the
        tags do not pair.
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
    """Read a text token by token, for sentences that hold tags themselves."""
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
    """Return the labels of the opening tags that follow each other from an offset on."""
    labels = []
    while (found := tag.match(text, at)) and not found[1]:
        labels.append(found[2])
        at = found.end()
    return labels
