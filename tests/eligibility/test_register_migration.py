"""What was loaded, and what is kept for a return, comes through the migration that gives rows their fingerprints."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers.fingerprints import specimen
from eligibility.registers.history import roll_back
from eligibility.registers.staging import partition
from tests.eligibility.conftest import put_into_service, register_row, sirets

pytestmark = pytest.mark.django_db
Writer = Callable[..., str]
ONE, TWO, THREE = sirets(3)
FORMER, REPLACED = partition("CCI", "former"), partition("CMA", "replaced")


def migrate(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    MigrationExecutor(connection).migrate([("eligibility", name)])


def columns(table: str) -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, table)}


def cities(register: str) -> dict[str, str]:
    return dict(RegisterEntry.objects.filter(register=register).values_list("siret", "city"))


def test_registers_that_were_kept_before_fingerprints_can_be_returned_to_and_compared(write: Writer) -> None:
    first = [register_row(ONE, commune="A"), register_row(TWO)]
    put_into_service(write(first))
    put_into_service(write([register_row(ONE, commune="B"), register_row(THREE)], "deux.csv"))
    put_into_service(write([register_row(ONE, commune="A", register="CMA")], "cma.csv"), "cma")
    delta = [register_row(siret, commune="B", register="CMA") for siret in (ONE, TWO)]
    put_into_service(write(delta, "delta.csv"), "cma", delta=True)
    loaded = cities("CCI"), cities("CMA")

    migrate("0004_rejet_siret_desk")
    assert [table for table in (partition("CCI"), FORMER, REPLACED) if "fingerprint" in columns(table)] == []
    migrate("0005_register_fingerprints")

    assert (cities("CCI"), cities("CMA")) == loaded
    assert not RegisterEntry.objects.exclude(fingerprint=None).exists()
    assert set(RegisterLoad.objects.values_list("specimen", flat=True)) == {None}
    for expected in (({ONE: "A", TWO: "PARIS 15"}, {ONE: "A"}), loaded):
        for code in ("cci", "cma"):
            roll_back(code, by="essai", at=timezone.now())
        assert (cities("CCI"), cities("CMA")) == expected
    report = put_into_service(write(first, "un.csv"))
    assert report.diff.examples == {"added": [TWO], "changed": [ONE], "removed": [THREE]}
    active = RegisterLoad.objects.get(register="CCI", is_active=True)
    assert active.specimen == specimen()
    assert put_into_service(write(first[::-1], "aussi.csv"), apply=False).diff.unchanged == 2
