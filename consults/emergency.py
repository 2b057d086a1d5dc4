"""The emergency number of a place: for an ambulance, where one country has several.

The list is of the numbers that the countries themselves give (ITU-T E.129, national numbering plans). Each is held
against libphonenumber, which is asked, too, of countries that are not in the list.
"""

from functools import lru_cache

from accounts.regions import country_of

_NUMBERS = {
    "911": (
        "AG AI AS BB BM BS BZ CA CR DM DO EC FJ FM GD GU GY JO KN KY LR MH MP MS MX PA PH PR PW PY SV TC US UY "
        "VC VE VG VI"
    ),
    "112": (
        "AD AL AT AZ BE BG BY CH CY CZ DE DK EE ES FI FO FR GE GI GL GR HR HU IE IN IS IT KW KZ LI LT LU LV "
        "MC MD ME MK MT NL PL PT RO RS RU RW SE SI SK TJ TR TZ UA VA XK ZA"
    ),
    "999": "BD GB GG HK IM JE KE MO MU MY QA BH UG ZW",
    "000": "AU CC CX",
    "111": "NZ",
    "119": "AF JP KH KR MV TW",
    "113": "NO",
    "120": "CN",
    "192": "BR",
    "131": "CL",
    "123": "CO EG",
    "107": "AR",
    "115": "IR VN",
    "1669": "TH",
    "1122": "PK",
    "998": "AE",
    "997": "SA",
    "101": "IL PS",
    "995": "SG",
    "990": "TT",
    "190": "TN",
    "118": "ID SM",
    "140": "LB",
    "193": "GH",
    "102": "NP",
    "103": "AM KG",
    "124": "BA",
    "15": "GF GP MA NC PF PM WF",
    "9999": "OM",
    "10111": "NA",
    "130": "CV",
}
# Asked of libphonenumber in this order, where a country is in no list: these reach everybody there.
_COMMON = ("112", "911", "999")


def number_of(region: str) -> str:
    """ "911" in "US-IL"; empty where nobody can say."""
    return _number(country_of(region)) if region else ""


@lru_cache(maxsize=512)
def _number(country: str) -> str:
    from phonenumbers import is_emergency_number

    listed = [number for number, countries in _NUMBERS.items() if country in countries.split()]
    return next((one for one in (*listed, *_COMMON) if is_emergency_number(one, country)), "")
