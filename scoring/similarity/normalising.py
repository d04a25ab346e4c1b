"""One spelling for every text before texts are compared, with the way back to the original.

Full-width and half-width, upper and lower case, traditional and simplified,
accents, spaces, punctuation, zero-width characters and page numbers are how one
text comes to look like two. Each character is folded by itself, so every folded
character remembers the place it came from.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.traditional import SIMPLIFIED, TRADITIONAL

Codes = NDArray[np.uint32]
Places = NDArray[np.int64]

_PLANES = 0x40000  # letters beyond the third plane are not assigned
_LISTED = 0x20000  # folded one by one up to here; the ideographs above fold to themselves
_IDEOGRAPHS = range(0x20000, 0x323B0)  # extensions B to H, also where Unicode tables are older
_SEVERAL = 0xFFFFFFFF  # folds to more than one character: ㎡ to m2

_PAGE_NUMBER = re.compile(
    r"^[^\S\n]*(?:"
    r"[-—–·•~]*[^\S\n]*\d{1,3}[^\S\n]*[-—–·•~]*"
    r"|第[^\S\n]*\d{1,4}[^\S\n]*[页頁](?:[^\S\n]*[,，/]?[^\S\n]*共[^\S\n]*\d{1,4}[^\S\n]*[页頁])?"
    r"|\d{1,4}[^\S\n]*/[^\S\n]*\d{1,4}"
    r"|[Pp]age[^\S\n]*\d{1,4}(?:[^\S\n]*of[^\S\n]*\d{1,4})?"
    r")[^\S\n]*$",
    re.MULTILINE,
)


@dataclass(frozen=True, eq=False)
class Normalised:
    """A text as it is compared.

    ``codes`` are the code points of its characters; ``places[i]`` is the
    0-based place in the original text that character ``i`` came from, never
    falling.
    """

    codes: Codes
    places: Places

    @property
    def text(self) -> str:
        """The folded characters as text."""
        return self.codes.astype("<u4").tobytes().decode("utf-32-le")

    @property
    def digest(self) -> str:
        """SHA-256 of the folded characters, in lower-case hexadecimal."""
        return hashlib.sha256(self.codes.astype("<u4").tobytes()).hexdigest()


def normalise(text: str) -> Normalised:
    """Fold a text to the letters, digits and ideographs it is compared by.

    Compatibility forms by Unicode (NFKD, marks dropped), lower case,
    traditional to simplified one to one, everything else out; lines that hold
    a page number alone are dropped first. A text without letters gives empty
    arrays.

    Examples
    --------
    >>> normalise("Ｈello，\\u200b世 界！\\n第 3 页 共 9 页\\n㎡").text
    'hello世界m2'
    >>> normalise("運用希沃白板").text == normalise("运用希沃白板").text
    True
    """
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    folded = _folding()[np.minimum(raw, _PLANES)]
    for line in _PAGE_NUMBER.finditer(text):
        folded[line.start() : line.end()] = 0
    places = np.flatnonzero(folded)
    codes = folded[places]
    if (codes == _SEVERAL).any():
        return _spread(codes, places, raw)
    return Normalised(codes, places)


def _spread(codes: Codes, places: Places, raw: Codes) -> Normalised:
    """Put several characters where one folds to several; they share their place."""
    parts: list[int] = []
    counts = np.ones(len(codes), dtype=np.int64)
    for at, (code, place) in enumerate(zip(codes.tolist(), places.tolist(), strict=True)):
        folded = [ord(sign) for sign in fold(chr(raw[place]))] if code == _SEVERAL else [code]
        counts[at] = len(folded)
        parts.extend(folded)
    return Normalised(np.array(parts, dtype=np.uint32), np.repeat(places, counts))


def fold(sign: str) -> str:
    """Fold one character; empty where nothing of it is compared.

    Examples
    --------
    >>> fold("Ａ"), fold("臺"), fold("é"), fold("，"), fold("㈠")
    ('a', '台', 'e', '', '一')
    """
    parts = unicodedata.normalize("NFKD", sign)
    kept = "".join(filter(_is_letter, parts)).lower()
    return "".join(_simplified().get(part, part) for part in kept if _is_letter(part))


def _is_letter(sign: str) -> bool:
    return sign.isalnum() or ord(sign) in _IDEOGRAPHS


@cache
def _simplified() -> dict[str, str]:
    return dict(zip(TRADITIONAL, SIMPLIFIED, strict=True))


@cache
def _folding() -> Codes:
    """Folded code of every code point; 0 is dropped, ``_SEVERAL`` needs `fold`."""
    table = np.zeros(_PLANES + 1, dtype=np.uint32)
    table[_IDEOGRAPHS] = _IDEOGRAPHS
    for code in (*range(0xD800), *range(0xE000, _LISTED), *range(0x2F800, 0x2FA20)):
        folded = fold(chr(code))
        if folded:
            table[code] = ord(folded) if len(folded) == 1 else _SEVERAL
    table.setflags(write=False)
    return table
