"""The letters of text messages (3GPP TS 23.038): how to stay within them, and how many segments a text takes. Pure."""

import unicodedata

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take the place of two.
EXTENDED = frozenset("^{}\\[~]|€\f")
_INSTEAD = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-"})
ONE, OF_SEVERAL = 160, 153
ONE_WIDE, OF_SEVERAL_WIDE = 70, 67


def plain(text: str) -> str:
    """The text with "á" as "a" and the like, where that keeps it within the letters that fit 160 to a segment.

    Where it does not, in another script, the text stays as it is: nobody's language is made unreadable.
    """
    spelled = "".join(_letter(sign) for sign in text.translate(_INSTEAD))
    return spelled if _fits(spelled) else text


def segments(text: str) -> int:
    """How many messages a provider makes, and counts, of it."""
    if _fits(text):
        return _pieces(sum(2 if sign in EXTENDED else 1 for sign in text), ONE, OF_SEVERAL)
    return _pieces(len(text.encode("utf-16-le")) // 2, ONE_WIDE, OF_SEVERAL_WIDE)


def _letter(sign: str) -> str:
    if sign in BASIC or sign in EXTENDED:
        return sign
    apart = unicodedata.normalize("NFKD", sign)
    base = "".join(one for one in apart if not unicodedata.combining(one))
    return base if base and _fits(base) else sign


def _fits(text: str) -> bool:
    return all(sign in BASIC or sign in EXTENDED for sign in text)


def _pieces(length: int, one: int, of_several: int) -> int:
    return 1 if length <= one else -(-length // of_several)
