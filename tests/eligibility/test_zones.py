import csv
from datetime import datetime, timedelta
from typing import Any

import pytest

from eligibility.zones import COMMUNES, Zone, communes_of, is_known, is_open, opens_at, zone_of
from notifications.wording import PARIS
from tests.eligibility.conftest import GOLDEN, golden


@pytest.mark.parametrize("row", golden("postal_zone"), ids=lambda row: row["postal_code"])
def test_a_postal_code_has_its_price_zone(row: dict[str, str]) -> None:
    if row["price_zone"] == "INVALID":
        with pytest.raises(ValueError):
            zone_of(row["postal_code"])
    else:
        assert (zone_of(row["postal_code"]) or "NONE") == row["price_zone"]


def test_every_territory_of_the_price_grid_has_its_zone() -> None:
    with (GOLDEN / "postal_territories.csv").open(encoding="utf-8", newline="") as file:
        territories = list(csv.DictReader(file))
    for territory in territories:
        first = territory["postal_prefix"].partition("-")[0]
        assert (zone_of(first.ljust(5, "0")) or "NONE") == territory["price_zone"], territory


def test_every_commune_of_metropolitan_france_and_of_the_five_departments_is_served() -> None:
    with COMMUNES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            served = row["insee_code"][:3] in {"971", "972", "973", "974", "976"} or row["insee_code"][:2] < "96"
            assert (zone_of(row["postal_code"]) is not None) == served, row


def test_communes_are_offered_as_addresses_write_them() -> None:
    assert communes_of("35600") == ["Bains-sur-Oust", "Redon", "Sainte-Marie"]
    assert communes_of("13001") == ["Marseille"]
    assert communes_of("75001") == ["Paris"]


def test_a_cedex_code_is_unknown_but_has_a_zone() -> None:
    assert communes_of("33506") == []
    assert not is_known("33506")
    assert zone_of("33506") is Zone.METRO


def test_a_zone_opens_at_its_moment_and_not_a_second_before(settings: Any) -> None:
    opening = datetime(2020, 5, 11, tzinfo=PARIS)
    settings.ZONE_OPENS_AT = settings.ZONE_OPENS_AT | {"GF_YT": opening}
    assert opens_at(Zone.GF_YT) == opening
    assert is_open(Zone.GF_YT, at=opening)
    assert not is_open(Zone.GF_YT, at=opening - timedelta(seconds=1))
