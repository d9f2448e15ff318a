"""A register whose loads die stays what it was, and is loaded in the end."""

from pathlib import Path

import pytest

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers.generator import Order, batches
from eligibility.registers.staging import PARENT
from tests.eligibility.conftest import put_into_service
from tests.eligibility.kills import Loading, tables, ten_kills, whatever_is_objected

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 20_000


def test_a_load_killed_at_ten_random_points_leaves_the_register_usable(tmp_path: Path) -> None:
    before, after = tmp_path / "avant.csv", tmp_path / "apres.csv"
    for path, month in ((before, 0), (after, 1)):
        path.write_bytes(b"".join(batches(Order("CCI", ROWS, seed=3, month=month))))
    put_into_service(before)
    register = set(RegisterEntry.objects.values_list("siret", "updated_on"))

    def start() -> Loading:
        return Loading("load_register", "cci", str(after), "--apply", *whatever_is_objected())

    length = start().seconds()
    put_into_service(before)
    stands = tables(PARENT)
    for shot in ten_kills(start, length=length):
        if RegisterLoad.objects.get(is_active=True).file_name == after.name:
            put_into_service(before)  # it was quicker than the shot: begin again
        assert tables(PARENT) == stands, f"shot {shot} left a table behind"
        assert set(RegisterEntry.objects.values_list("siret", "updated_on")) == register

    start().seconds()
    assert RegisterLoad.objects.get(is_active=True).file_name == after.name
    assert put_into_service(after).is_same_file
