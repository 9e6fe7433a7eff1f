"""Public holidays of a region, published or computed: no year is unknown and no date raises.

The dates come from the ``holidays`` package, which knows the rules of some 250 regions (lunar and solar
dates, days in lieu) and, for mainland China, the State Council's yearly notices with their make-up
working days. A Chinese year without a notice yet is computed by rule and marked provisional.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from types import MappingProxyType

import holidays as registry

from engine.i18n import _
from engine.worktime.errors import InvalidCalendar

NO_REGION = "none"

# Where an authority moves days about by a notice each year: without the notice the year is a guess.
_NOTICE_REGIONS = frozenset({"CN"})
# Hong Kong's general holidays are the statutory ones of employees and the further ones of offices.
_CATEGORIES = {"HK": ("public", "optional")}
_LANGUAGES = {"en": ("en",), "zh_Hans": ("zh_CN",), "zh_Hant": ("zh_HK", "zh_TW")}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionYear:
    """What a region's public holidays make of one year.

    Args:
        holidays: The days off and their names.
        make_up_days: Weekend days that are worked instead (调休).
        moved_days: Days off that only stand in the place of others: free, but no holidays by law.
        provisional: The authority's notice is not known; the dates are computed by rule.
    """

    holidays: Mapping[date, str]
    make_up_days: frozenset[date]
    moved_days: frozenset[date]
    provisional: bool


_NOTHING = RegionYear(
    holidays=MappingProxyType({}), make_up_days=frozenset(), moved_days=frozenset(), provisional=False
)


@cache
def regions() -> frozenset[str]:
    """Return the known regions: ``none``, countries (``HK``) and their parts (``GB-SCT``)."""
    countries = registry.list_supported_countries(include_aliases=False)
    parts = {f"{country}-{part}" for country, names in countries.items() for part in names}
    return frozenset({NO_REGION, *countries, *parts})


def check_region(region: str) -> None:
    """Refuse a region nobody knows.

    Raises:
        InvalidCalendar: Its holidays are not known.
    """
    if region not in regions():
        raise InvalidCalendar(
            _("The holidays of “%(region)s” are not known: write a code such as HK, CN or GB-SCT, or none."),
            region=region,
        )


@lru_cache(maxsize=1024)
def region_year(region: str, year: int, locale: str = "en") -> RegionYear:
    """Return a region's holidays of one year.

    Args:
        region: ``none``, or an ISO 3166 code: ``HK``, ``CN``, ``GB-SCT``.
        year: Any year; outside what the package covers (for most regions 1950 to 2100) it has none.
        locale: Language of the names where the package has it, else the region's own.

    Raises:
        InvalidCalendar: The region is not known.
    """
    if region == NO_REGION:
        return _NOTHING
    check_region(region)
    country, _dash, part = region.partition("-")
    # The neighbours too: a notice may move a day over the turn of the year.
    found = registry.country_holidays(
        country,
        subdiv=part or None,
        years=range(year - 1, year + 2),
        categories=_CATEGORIES.get(country),
        language=_language(country, locale),
    )
    notices = getattr(found, "special_public_holidays", {})
    return RegionYear(
        holidays=MappingProxyType({day: name for day, name in sorted(found.items()) if day.year == year}),
        make_up_days=frozenset(day for day in found.weekend_workdays if day.year == year),
        moved_days=_moved(country, year, found) if country in _NOTICE_REGIONS else frozenset(),
        provisional=country in _NOTICE_REGIONS and year not in notices,
    )


def _moved(country: str, year: int, found: Mapping[date, str]) -> frozenset[date]:
    """Return the days off that stand for a weekend's holiday, or for a weekend that is worked."""
    by_law = registry.country_holidays(country, years=year, observed=False)
    notice = getattr(by_law, "special_public_holidays", {}).get(year, ())
    swapped = {date(year, month, day) for month, day, *_worked in notice}
    return frozenset({day for day in found if day.year == year and day not in by_law} | swapped)


@cache
def _language(country: str, locale: str) -> str | None:
    offered = registry.country_holidays(country).supported_languages
    for wanted in _LANGUAGES.get(locale, ()):
        for language in offered:
            if language == wanted or language.startswith(f"{wanted}_"):
                return language
    return None
