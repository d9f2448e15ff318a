"""What is known of a SIRET at the moment it is judged: register rows, Sirene, an admission. Pure data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from . import headcount as bands
from .zones import Zone, zone_of

SIRENE_SITE = "Sirene, établissement"
SIRENE_UNIT = "Sirene, unité légale"
ADMISSION = "Admission par le service client"


@dataclass(frozen=True)
class Row:
    """What one register says of one establishment."""

    register: str
    siret: str
    opt_in: bool = True
    is_open: bool = True
    headcount: int | None = None  # exact number of employees of the company
    headcount_code: str = ""  # INSEE's code, counted where there is no exact number; empty where the row has neither
    legal_name: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    naf: str = ""
    updated_on: date | None = None

    @property
    def tells_headcount(self) -> bool:
        return self.headcount is not None or bool(self.headcount_code)

    @property
    def employees(self) -> int:
        """The headcount that counts for this row: the exact number wins over the code, silence means none."""
        return bands.employees(self.headcount_code or bands.NO_EMPLOYEE) if self.headcount is None else self.headcount

    @property
    def headcount_text(self) -> str:
        return bands.text(self.headcount, self.headcount_code)


@dataclass(frozen=True)
class Grant:
    """An admission by support, valid on the day of the check: it stands in for affiliation and gives the headcount."""

    network: str
    headcount: int
    legal_name: str = ""
    zone: Zone | None = None


@dataclass(frozen=True)
class Site:
    """What Sirene says of the establishment. What INSEE masks is empty."""

    is_open: bool = True
    trade_name: str = ""
    street: str = ""
    address_extra: str = ""
    postal_code: str = ""
    city: str = ""
    naf: str = ""


@dataclass(frozen=True)
class Unit:
    """What Sirene says of the company. A sole trader's name is the person's."""

    is_active: bool = True
    headcount_code: str = ""
    legal_name: str = ""


@dataclass(frozen=True)
class Headcount:
    """The number of employees that counts, how to say it, and who says so."""

    employees: int
    text: str
    source: str


@dataclass(frozen=True)
class Place:
    """The establishment's address, as one source gives it."""

    street: str = ""
    address_extra: str = ""
    postal_code: str = ""
    city: str = ""
    source: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything the verdict rests on. `rows` are those of the whole company (SIREN)."""

    siret: str
    at: datetime
    is_any_register_loaded: bool
    rows: Sequence[Row] = ()
    grant: Grant | None = None
    site: Site | None = None
    unit: Unit | None = None

    @cached_property
    def own_rows(self) -> list[Row]:
        """The rows of this establishment, whatever its opt-in, the newest first."""
        rows = sorted((row for row in self.rows if row.siret == self.siret), key=lambda row: row.register)
        return sorted(rows, key=lambda row: row.updated_on or date.min, reverse=True)

    @cached_property
    def chosen(self) -> list[Row]:
        """The rows that speak for the establishment: those with opt-in, where there are any."""
        return [row for row in self.own_rows if row.opt_in] or self.own_rows

    @property
    def is_affiliated(self) -> bool:
        return any(row.opt_in for row in self.own_rows)

    @property
    def is_in_sirene(self) -> bool:
        return self.site is not None or self.unit is not None

    @property
    def is_closed_in_sirene(self) -> bool:
        return bool((self.site and not self.site.is_open) or (self.unit and not self.unit.is_active))

    @property
    def is_closed(self) -> bool:
        """One open row outweighs a closed one; Sirene outweighs them all, since every firm must tell it."""
        return self.is_closed_in_sirene or (bool(self.chosen) and not any(row.is_open for row in self.chosen))

    @cached_property
    def told(self) -> list[Row]:
        """The company's open rows that give a headcount."""
        return [row for row in self.rows if row.is_open and row.tells_headcount]

    @property
    def headcounts_differ(self) -> bool:
        """The registers disagree, and nobody of support has settled it."""
        return self.grant is None and len({row.employees for row in self.told}) > 1

    @cached_property
    def headcount(self) -> Headcount:
        """The company's headcount: support's figure, else the largest of its open rows, else Sirene's code.

        The company counts as a whole: a site of three people may belong to a company of sixty. Where nobody tells
        anything it employs nobody.
        """
        if self.grant:
            return Headcount(self.grant.headcount, bands.in_words(self.grant.headcount), ADMISSION)
        if self.told:
            # Of two rows that give the same number, the exact one is the better wording.
            largest = max(self.told, key=lambda row: (row.employees, row.headcount is not None, row.register))
            return Headcount(largest.employees, largest.headcount_text, largest.register)
        if self.unit and self.unit.headcount_code:
            code = self.unit.headcount_code
            return Headcount(bands.employees(code), bands.label(code), SIRENE_UNIT)
        return Headcount(0, bands.label(bands.NO_EMPLOYEE), "")

    @cached_property
    def place(self) -> Place:
        """The address of the newest row that has one, else Sirene's; never a mix of two places."""
        site = Place()
        if self.site:
            known = self.site
            site = Place(known.street, known.address_extra, known.postal_code, known.city, SIRENE_SITE)
        located = next((row for row in self.chosen if row.postal_code), None)
        if located is None and not site.postal_code:
            located = next((row for row in self.chosen if row.street or row.city), None)
        if located is None:
            return site
        if not located.street and located.postal_code == site.postal_code:
            return site
        return Place(located.street, "", located.postal_code, located.city, located.register)

    @cached_property
    def zone(self) -> Zone | None:
        """The price zone of the establishment; support's word where no address tells it."""
        if self.place.postal_code:
            return zone_of(self.place.postal_code)
        return self.grant.zone if self.grant else None
