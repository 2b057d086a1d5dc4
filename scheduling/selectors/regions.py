"""Where things take place, as far as the clinic knows: the countries whose parts matter, and where its own place is."""

from accounts.models import Licence, Organization
from accounts.regions import country_of, is_region
from scheduling.models import BookingTerms


def divided_countries(clinic: Organization) -> list[str]:
    """The countries of which parts are asked, the clinic's own first: where somebody is licensed for a part alone."""
    parts = Licence.objects.filter(practitioner__organization=clinic, region__contains="-")
    found = {country_of(region) for region in parts.values_list("region", flat=True).distinct()}
    return sorted(found, key=lambda country: (country != country_of(home_of(clinic)), country))


def home_of(clinic: Organization) -> str:
    """Where the clinic itself is, by the country and part of its holidays; empty where none is chosen."""
    terms = BookingTerms.objects.filter(organization=clinic).first()
    if terms is None or not terms.holiday_country:
        return ""
    part = f"{terms.holiday_country}-{terms.holiday_subdivision}"
    return part if terms.holiday_subdivision and is_region(part) else terms.holiday_country
