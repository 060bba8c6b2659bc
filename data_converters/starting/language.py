"""A guess at the language of a corpus, from its alphabet and its most frequent small words."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

UNKNOWN = "und"
"""Language tag for a language that is not known."""
UNSPACED = frozenset({"zh", "ja", "th", "lo", "km", "my"})
"""Language tags of languages that are written without spaces between words."""
_SCRIPTS = {
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "CYRILLIC": "ru", "ARABIC": "ar", "GREEK": "el",
    "HEBREW": "he", "DEVANAGARI": "hi", "THAI": "th",
}  # fmt: skip
_WORDS = {
    "en": "the of and to in is was for that with his on at by this are be as from it",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als",
    "tr": "ve bir bu da de için ile olarak çok olan daha kadar ise gibi en ama sonra tarafından ne var",
    "fr": "le la les de des et en un une du dans est que pour qui au par sur pas il",
    "es": "el la los de y en que un una del las por con se para al su es como lo",
    "it": "il la di che e in un una per del della è con non sono i le al da nel",
    "nl": "de het een van en in is dat op te zijn voor met die niet aan er om ook als",
    "pt": "o a os de e em que um uma do da no na por com para as não se dos",
    "sv": "och i att en som det av är på för med den till ett har inte om de sig var",
    "pl": "i w na z do się nie jest to że o jak po od za przez dla ale oraz są",
}
_SETS = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_WORDS_OF_A_SCRIPT = 2_000
_LEAST, _FEW, _SHARE = 3, 20, 0.05
_LETTERS = re.compile(r"[^\W\d_]+")


def language_of(texts: Iterable[str]) -> tuple[str, str]:
    """Return a language tag and the reason for it, from texts of a corpus; `und` if nothing speaks for a language.

    Args:
        texts: Some texts.
    """
    words = [word for text in texts for word in _LETTERS.findall(text.lower())]
    scripts = Counter(script for word in words[:_WORDS_OF_A_SCRIPT] for script in {_script(letter) for letter in word})
    for script, language in _SCRIPTS.items():  # a Japanese text has Chinese characters, too
        if scripts[script] > 0.1 * len(words[:_WORDS_OF_A_SCRIPT]):
            return language, f"its letters are {script.lower()}"
    counts = {language: sum(word in small for word in words) for language, small in _SETS.items()}
    (language, most), (_, second) = sorted(counts.items(), key=lambda item: -item[1])[:2]
    if most < max(_LEAST, min(_FEW, len(words) / 8)) or most < _SHARE * len(words) or 2 * most < 3 * second:
        return UNKNOWN, "too few words tell a language"
    return language, f"{most:,} of its {len(words):,} first words are small words of that language"


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0].split("-")[0]
