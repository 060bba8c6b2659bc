"""How files write tags (`B_PER`, `PER-B`, `name=B-PER|SpaceAfter=No`, a bare `B`), brought to the tags that schemes have (`B-PER`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...tags import PREFIXES, Scheme, decode

DEFAULT_FORM = "B-LABEL"
_FORM = re.compile(
    r"(?P<first>[Bb])(?P<after>(?:[^\w\s]|_){1,3})LABEL|LABEL(?P<before>(?:[^\w\s]|_){1,3})(?P<last>[Bb])"
)
_PREFIX_FIRST = re.compile(r"([A-Za-z])([^\w\s]|_)[^\W_]")
_LABEL_FIRST = re.compile(r".*[^\W_]([^\w\s]|_)([A-Za-z])")
_FIELD_KEY = re.compile(r"(?:^|\|)([^|=]+)=")
_MOST = 100_000
"""Number of different tags that are kept; fields with positions in them are different on every line."""
_KEYS = 20
"""Number of keys of a field that are tried, or named in a message."""


@dataclass(frozen=True, slots=True)
class TagNotation:
    """How the files of a corpus write tags.

    Attributes:
        form: How the tag that begins an entity is written: `B-LABEL`, `B_LABEL`, `LABEL-B`, `b-LABEL` (the prefixes are small letters), or
            with other signs.
        key: Key of the tag in a field such as `name=B-PER|SpaceAfter=No`; None if the field is the tag.

    Raises:
        ValueError: The form is not one of these.
    """

    form: str = DEFAULT_FORM
    key: str | None = None

    def __post_init__(self) -> None:
        if not _FORM.fullmatch(self.form):
            raise ValueError(f"no form of a tag: {self.form!r}; it is like B-LABEL, B_LABEL, LABEL-B or b-LABEL")

    @classmethod
    def of(cls, reader: Mapping[str, str], scheme: Scheme) -> TagNotation:
        """Take the keys `tag_form` and `tag_key` of a card's `reader`.

        Raises:
            ValueError: The form does not go with the scheme.
        """
        if "tag_form" in reader and not PREFIXES[scheme]:
            raise ValueError(f"tag_form is for schemes with prefixes, and {scheme} has none")
        return cls(reader.get("tag_form", DEFAULT_FORM), reader.get("tag_key"))

    def split(self, tag: str) -> tuple[str, str] | None:
        """Split a tag into its prefix, as a capital letter, and its label; None if it is not of this form."""
        found = _FORM.fullmatch(self.form)
        assert found is not None  # checked when it was made
        if separator := found["after"]:
            prefix, label = tag[:1], tag[1 + len(separator) :]
            fits = tag.startswith(separator, 1)
        else:
            separator = found["before"]
            prefix, label = tag[-1:], tag[: -1 - len(separator)]
            fits = tag[:-1].endswith(separator)
        small = (found["first"] or found["last"]) == "b"
        return (prefix.upper() if small else prefix, label) if fits and label else None

    def write(self, tag: str) -> str:
        """Write a tag of a scheme, such as `B-PER` or `O`, in this form."""
        prefix, _, label = tag.partition("-")
        small = "b" in self.form
        if not label:
            return tag.lower() if small else tag
        prefix = prefix.lower() if small else prefix
        before, _, after = self.form.partition("LABEL")
        return f"{before and prefix + before[1:]}{label}{after and after[:-1] + prefix}"


AS_THE_SCHEME = TagNotation()
"""The notation of the schemes themselves."""


class WrittenTags(dict[str, str]):
    """Maps tags as files write them to tags of their scheme, each once. What cannot be read stays as it is.

    Args:
        notation: How the files write tags.
        scheme: Scheme of the tags.
        names: Names of tags by number, if tags are numbers.
        only_label: Label that a bare prefix stands for; None if the card lists several.

    Attributes:
        keys_seen: Keys of the fields, the first ones; empty without `notation.key`.
        has_key: Whether a field had the key of the notation; True without one.
    """

    def __init__(
        self, notation: TagNotation, scheme: Scheme, names: Mapping[str, str], only_label: str | None = None
    ) -> None:
        super().__init__()
        self.keys_seen: dict[str, None] = {}
        self.has_key = notation.key is None
        self._notation = notation
        self._prefixes = PREFIXES[scheme]
        self._names = names
        self._only_label = only_label

    def __missing__(self, tag: str) -> str:
        if len(self) >= _MOST:
            self.clear()
        text = self._names.get(tag, tag)
        self[tag] = read = self._value(text) if self._notation.key is not None else self._tag(text) or text
        return read

    def _tag(self, text: str) -> str | None:
        """Return the tag of the scheme; None if the text is none."""
        if not self._prefixes:
            return text
        if text == "O" or (text == "o" and "b" in self._notation.form):
            return "O"
        split = self._notation.split(text)
        if split and split[0] in self._prefixes:
            return "-".join(split)
        bare = text.upper() if "b" in self._notation.form else text
        if self._only_label and len(bare) == 1 and bare in self._prefixes:
            return f"{bare}-{self._only_label}"
        return None

    def _value(self, field: str) -> str:
        """Return the tag under the key of a field; O if the field lacks it, or the value is empty or `_`."""
        values = dict(item.partition("=")[::2] for item in reversed(field.split("|")) if "=" in item)
        if not values:
            return (self._tag(field) if self._prefixes else None) or "O"  # a flag, or an empty field
        for key in values:
            if len(self.keys_seen) < _KEYS:
                self.keys_seen[key] = None
        value = values.get(self._notation.key or "")
        self.has_key |= value is not None
        return "O" if value in (None, "", "_") else self._tag(str(value)) or str(value)


class Fit(NamedTuple):
    """A way to read tags.

    Attributes:
        scheme: Scheme of the tags.
        notation: How they are written.
        repairs: Number of tags that the scheme does not allow at their place.
        unknown: Number of labels that are not known.
    """

    scheme: Scheme
    notation: TagNotation
    repairs: int
    unknown: int

    def keys(self, scheme: Scheme, notation: TagNotation) -> dict[str, str]:
        """Return the keys to set on a card's `reader` that reads another way; {} if none do, because the card has a key too many."""
        is_written = bool(PREFIXES[self.scheme])
        if (notation.key and not self.notation.key) or (notation.form != DEFAULT_FORM and not is_written):
            return {}
        keys: dict[str, str] = {"scheme": self.scheme} if self.scheme != scheme else {}
        if self.notation.form != notation.form:
            keys["tag_form"] = self.notation.form
        if self.notation.key and self.notation.key != notation.key:
            keys["tag_key"] = self.notation.key
        return keys


_TRIED: tuple[Scheme, ...] = ("IOB2", "IOB1", "IOBES", "BILOU", "BMES", "BMEWO", "brackets", "IO")


def fits(
    levels: Collection[Sequence[str]],
    labels: Collection[str] = (),
    names: Mapping[str, str] | None = None,
    outside: Collection[str] = (),
) -> list[Fit]:
    """Return the ways to read tags in which each of them is well-formed, the best first.

    The best way knows most labels, then repairs least; of two such ways, the scheme that is more common comes first.

    Args:
        levels: Tags of sentences, as they are written.
        labels: Known labels; () if none are known, so that the scheme IO, in which every word is a tag, is not tried.
        names: Names of tags by number, if tags are numbers.
        outside: Further tags, each of tokens outside of entities.
    """
    written = {(names or {}).get(tag, tag) for level in levels for tag in level}
    only = next(iter(labels)) if len(labels) == 1 else None
    found = []
    for notation in _notations(written):
        for scheme in _TRIED:
            if not PREFIXES[scheme] and (notation.form != DEFAULT_FORM or (scheme == "IO" and not labels)):
                continue
            reading = WrittenTags(notation, scheme, names or {}, only)
            if (
                any(_malformed([reading[tag]], scheme) for tag in written if scheme != "brackets")
                or not reading.has_key
            ):
                continue
            if any(decode([reading[tag]], scheme) != ([], []) for tag in outside):
                continue
            decoded = [decode([reading[tag] for tag in level], scheme) for level in levels]
            if any(bad.expected is None for _, invalid in decoded for bad in invalid):
                continue
            unknown = {span.label for spans, _ in decoded for span in spans}.difference(labels) if labels else ()
            found.append(Fit(scheme, notation, sum(len(invalid) for _, invalid in decoded), len(unknown)))
    return sorted(found, key=lambda fit: (fit.unknown, fit.repairs))


def _malformed(tags: Sequence[str], scheme: Scheme) -> bool:
    return any(bad.expected is None for bad in decode(tags, scheme)[1])


def _notations(written: Collection[str]) -> Iterator[TagNotation]:
    """Yield the notations that some of the tags may be of."""
    keys = dict.fromkeys(key for tag in sorted(written) for key in _FIELD_KEY.findall(tag))
    for key in (None, *list(keys)[:_KEYS]):
        values = written if key is None else {_value_of(tag, key) for tag in written}
        forms = {DEFAULT_FORM: None}
        for tag in sorted(values):
            if found := _PREFIX_FIRST.match(tag):
                forms[f"{'b' if found[1].islower() else 'B'}{found[2]}LABEL"] = None
            if found := _LABEL_FIRST.fullmatch(tag):
                forms[f"LABEL{found[1]}{'b' if found[2].islower() else 'B'}"] = None
        yield from (TagNotation(form, key) for form in list(forms)[:_KEYS])


def _value_of(field: str, key: str) -> str:
    return next((item[len(key) + 1 :] for item in field.split("|") if item.startswith(f"{key}=")), "")
