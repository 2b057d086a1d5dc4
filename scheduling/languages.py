"""Languages by name and BCP 47 tag, as people type and read them. Who speaks which, the rows say."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from django.conf.locale import LANG_INFO

# What Django has no translation for and interpreters are asked for; sign languages are languages of their own.
MORE = {
    "ase": "American Sign Language",
    "asf": "Auslan",
    "bfi": "British Sign Language",
    "fsl": "French Sign Language",
    "gsg": "German Sign Language",
    "am": "Amharic",
    "ay": "Aymara",
    "ckb": "Central Kurdish",
    "cdo": "Fuzhounese",
    "ceb": "Cebuano",
    "chk": "Chuukese",
    "din": "Dinka",
    "prs": "Dari",
    "ff": "Fula",
    "gu": "Gujarati",
    "ha": "Hausa",
    "hak": "Hakka",
    "haw": "Hawaiian",
    "hmn": "Hmong",
    "ht": "Haitian Creole",
    "ilo": "Ilocano",
    "kar": "Karen",
    "kjb": "Q’anjob’al",
    "quc": "K’iche’",
    "mam": "Mam",
    "rw": "Kinyarwanda",
    "rn": "Kirundi",
    "ku": "Kurdish",
    "lo": "Lao",
    "ln": "Lingala",
    "mh": "Marshallese",
    "mix": "Mixtec",
    "nah": "Nahuatl",
    "nv": "Navajo",
    "om": "Oromo",
    "ps": "Pashto",
    "qu": "Quechua",
    "rhg": "Rohingya",
    "rom": "Romani",
    "sm": "Samoan",
    "si": "Sinhala",
    "so": "Somali",
    "tl": "Tagalog",
    "ti": "Tigrinya",
    "to": "Tongan",
    "tw": "Twi",
    "wo": "Wolof",
    "yi": "Yiddish",
    "yo": "Yoruba",
    "yue": "Cantonese",
    "zh": "Mandarin",
    "zu": "Zulu",
    "xh": "Xhosa",
    "ny": "Chichewa",
    "sn": "Shona",
}
SPELLED_OTHERWISE = {"chinese": "zh", "farsi": "fa", "creole": "ht", "asl": "ase", "bsl": "bfi", "sorani": "ckb"}
MOST = 12


class UnknownLanguage(ValueError):  # noqa: N818
    """No language is called so; `near` is what may have been meant."""

    def __init__(self, typed: str, near: str) -> None:
        super().__init__(typed)
        self.typed, self.near = typed, near


@lru_cache(maxsize=1)
def names() -> dict[str, str]:
    """By tag, of every language that can be chosen."""
    known = {tag: info["name"] for tag, info in LANG_INFO.items() if "name" in info and "-" not in tag}
    return known | MORE


def name_of(tag: str) -> str:
    """ "Spanish"; with where it is spoken so where the tag says it: "Spanish (MX)"."""
    language, _, where = tag.partition("-")
    name = names().get(language.lower(), tag)
    return f"{name} ({where})" if where and name != tag else name


def said(tags: Iterable[str]) -> str:
    """ "Spanish, Portuguese"."""
    return ", ".join(name_of(tag) for tag in tags)


def tags_in(typed: str) -> list[str]:
    """The tags of languages that are named one after the other, each once. Raises UnknownLanguage."""
    found: list[str] = []
    for part in re.split(r"[,;\n]", typed):
        if (word := part.strip()) and (tag := _tag_of(word)) not in found:
            found.append(tag)
    return found


def _tag_of(word: str) -> str:
    spelled = _tags()
    if tag := spelled.get(word.casefold()):
        return tag
    # "Spanish (MX)" as it is shown, and "es-MX" as programs write it.
    shown = re.fullmatch(r"(.+?) \(([A-Za-z0-9-]{2,16})\)", word)
    language, where = (shown[1], shown[2]) if shown else word.partition("-")[::2]
    tag = spelled.get(language.casefold().strip(), "")
    if tag and re.fullmatch(r"[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{2,8})?", where):
        return f"{tag}-{where}"
    near = get_close_matches(word.casefold(), spelled, n=1)
    raise UnknownLanguage(word, names()[spelled[near[0]]] if near else "")


@lru_cache(maxsize=1)
def _tags() -> dict[str, str]:
    """By every spelling that is understood."""
    by_name = {name.casefold(): tag for tag, name in names().items()}
    plain = {name.replace("’", "'"): tag for name, tag in by_name.items()}
    return {tag: tag for tag in names()} | by_name | plain | SPELLED_OTHERWISE
