"""A stock of Sirene whose loads die stays what it was, and is loaded in the end."""

from pathlib import Path

import pytest

from eligibility.models import SireneEstablishment, SireneLoad
from eligibility.sirene.generator import Order, batches
from eligibility.sirene.models import Stock
from tests.eligibility.conftest import put_sirene_into_service
from tests.eligibility.kills import Loading, tables, ten_kills, whatever_is_objected

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 30_000
TABLE = SireneEstablishment._meta.db_table


def test_a_load_killed_at_ten_random_points_leaves_the_stock_usable(tmp_path: Path) -> None:
    before, after = tmp_path / "avant.csv", tmp_path / "apres.csv"
    for path, seed in ((before, 3), (after, 4)):
        path.write_bytes(b"".join(batches(Order(Stock.ESTABLISHMENTS, ROWS, seed))))
    put_sirene_into_service(before)
    stock = set(SireneEstablishment.objects.values_list("siret", "is_open", "street"))

    def start() -> Loading:
        allowed = whatever_is_objected("few-rows", "drop", "older")
        return Loading("load_sirene", "etablissements", str(after), "--apply", *allowed)

    length = start().seconds()
    put_sirene_into_service(before)
    stands = tables(TABLE)
    for shot in ten_kills(start, length=length):
        if SireneLoad.objects.get(is_active=True).file_name == after.name:
            put_sirene_into_service(before)  # it was quicker than the shot: begin again
        assert tables(TABLE) == stands, f"shot {shot} left a table behind"
        assert set(SireneEstablishment.objects.values_list("siret", "is_open", "street")) == stock

    start().seconds()
    assert SireneLoad.objects.get(is_active=True).file_name == after.name
    assert put_sirene_into_service(after).is_same_file
