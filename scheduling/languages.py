"""Languages by name and BCP 47 tag, as people type and read them. Who speaks which, the rows say."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from django.conf.locale import LANG_INFO
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, gettext_noop

# What Django has no translation for and interpreters are asked for; sign languages are languages of their own.
MORE = {
    "ase": gettext_noop("American Sign Language"),
    "asf": gettext_noop("Auslan"),
    "bfi": gettext_noop("British Sign Language"),
    "fsl": gettext_noop("French Sign Language"),
    "gsg": gettext_noop("German Sign Language"),
    "am": gettext_noop("Amharic"),
    "ay": gettext_noop("Aymara"),
    "ckb": gettext_noop("Central Kurdish"),
    "cdo": gettext_noop("Fuzhounese"),
    "ceb": gettext_noop("Cebuano"),
    "chk": gettext_noop("Chuukese"),
    "din": gettext_noop("Dinka"),
    "prs": gettext_noop("Dari"),
    "ff": gettext_noop("Fula"),
    "gu": gettext_noop("Gujarati"),
    "ha": gettext_noop("Hausa"),
    "hak": gettext_noop("Hakka"),
    "haw": gettext_noop("Hawaiian"),
    "hmn": gettext_noop("Hmong"),
    "ht": gettext_noop("Haitian Creole"),
    "ilo": gettext_noop("Ilocano"),
    "kar": gettext_noop("Karen"),
    "kjb": gettext_noop("Q’anjob’al"),
    "quc": gettext_noop("K’iche’"),
    "mam": gettext_noop("Mam"),
    "rw": gettext_noop("Kinyarwanda"),
    "rn": gettext_noop("Kirundi"),
    "ku": gettext_noop("Kurdish"),
    "lo": gettext_noop("Lao"),
    "ln": gettext_noop("Lingala"),
    "mh": gettext_noop("Marshallese"),
    "mix": gettext_noop("Mixtec"),
    "nah": gettext_noop("Nahuatl"),
    "nv": gettext_noop("Navajo"),
    "om": gettext_noop("Oromo"),
    "ps": gettext_noop("Pashto"),
    "qu": gettext_noop("Quechua"),
    "rhg": gettext_noop("Rohingya"),
    "rom": gettext_noop("Romani"),
    "sm": gettext_noop("Samoan"),
    "si": gettext_noop("Sinhala"),
    "so": gettext_noop("Somali"),
    "tl": gettext_noop("Tagalog"),
    "ti": gettext_noop("Tigrinya"),
    "to": gettext_noop("Tongan"),
    "tw": gettext_noop("Twi"),
    "wo": gettext_noop("Wolof"),
    "yi": gettext_noop("Yiddish"),
    "yo": gettext_noop("Yoruba"),
    "yue": gettext_noop("Cantonese"),
    "zh": gettext_noop("Mandarin"),
    "zu": gettext_noop("Zulu"),
    "xh": gettext_noop("Xhosa"),
    "ny": gettext_noop("Chichewa"),
    "sn": gettext_noop("Shona"),
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
    """By tag, of every language that can be chosen, in English."""
    known = {tag: info["name"] for tag, info in LANG_INFO.items() if "name" in info and "-" not in tag}
    return known | MORE


def name_of(tag: str) -> str:
    """ "Spanish"; with where it is spoken so where the tag says it: "Spanish (MX)". In the language of the reader."""
    language, _, where = tag.partition("-")
    known = names().get(language.lower())
    name = capfirst(gettext(known)) if known else tag
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
    spelled = _tags(get_language() or "")
    if tag := spelled.get(word.casefold()):
        return tag
    # "Spanish (MX)" as it is shown, and "es-MX" as programs write it.
    shown = re.fullmatch(r"(.+?) \(([A-Za-z0-9-]{2,16})\)", word)
    language, where = (shown[1], shown[2]) if shown else word.partition("-")[::2]
    tag = spelled.get(language.casefold().strip(), "")
    if tag and re.fullmatch(r"[A-Za-z0-9]{2,8}(-[A-Za-z0-9]{2,8})?", where):
        return f"{tag}-{where}"
    near = get_close_matches(word.casefold(), spelled, n=1)
    raise UnknownLanguage(word, name_of(spelled[near[0]]) if near else "")


@lru_cache(maxsize=8)
def _tags(reader: str) -> dict[str, str]:
    """By every spelling that is understood: in English, and in the language of the `reader`, which is active."""
    by_name = {gettext(name).casefold(): tag for tag, name in names().items()}
    by_name |= {name.casefold(): tag for tag, name in names().items()}
    plain = {name.replace("’", "'"): tag for name, tag in by_name.items()}
    return {tag: tag for tag in names()} | by_name | plain | SPELLED_OTHERWISE
