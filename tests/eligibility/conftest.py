"""Golden tables, and registers in service without a file or through the real loader."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from eligibility.models import RegisterEntry, RegisterLoad, SireneEstablishment, SireneUnit
from eligibility.registers.guards import NAMES
from eligibility.registers.layout import COLUMNS
from eligibility.registers.load import Wish, load
from eligibility.registers.report import Report
from eligibility.sirene import load as sirene_load
from eligibility.sirene import report as sirene_report
from eligibility.sirene.models import Stock
from sandbox.world import World, running
from tests.eligibility.helpdesk import HelpDesk
from tests.eligibility.sirene_files import text
from tests.factories import RegisterFactory, make_siren, make_siret
from tests.races import on_own_connection

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
SAMPLES = ROOT / "eligibility" / "data"
HEADER = ";".join(COLUMNS)
FACTS = {
    "legal_name": "LE GAL",
    "chamber": "CCI Ille-et-Vilaine",
    "headcount_code": "12",
    "street": "14 RUE DE BRIANGAUD",
    "postal_code": "35600",
    "city": "REDON",
    "naf": "23.70Z",
    "opt_in": True,
    "is_open": True,
    "updated_on": date(2020, 5, 1),
}


def golden(name: str) -> list[dict[str, str]]:
    """The rows of a golden table."""
    with (GOLDEN / f"golden_{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plain(text: str) -> str:
    """Golden tables are typed with plain spaces."""
    return text.replace("\u00a0", " ")


def register_row(siret: str, *, register: str = "CCI", **cells: str) -> str:
    """One line of a CCI file, plain but for the cells named."""
    values = {
        "siret": siret, "raison_sociale": "ATELIER EXEMPLE", "registre": register, "chambre": f"{register} Exemple",
        "effectif": "12", "tranche": "11", "adresse": "1 RUE DE L EXEMPLE", "code_postal": "75015",
        "commune": "PARIS 15", "code_naf": "56.30Z", "aprm": "", "opt_in": "O", "date_maj": "2020-05-01", "etat": "A",
    } | cells  # fmt: skip
    return ";".join(values.values())


def sirets(number: int, *, first: int = 1) -> list[str]:
    """So many right SIRETs of different companies."""
    return [make_siret(make_siren(rank)) for rank in range(first, first + number)]


@pytest.fixture
def put_in_service(db: None) -> Callable[..., None]:
    """Say that a register is loaded."""

    def put(code: str = "CCI") -> None:
        now = timezone.now()
        figures = ("read", "rejected", "added", "changed", "removed", "unchanged", "total")
        RegisterLoad.objects.create(
            register=RegisterFactory(code=code), mode="full", file_name="essai.csv", sha256="0" * 64, report={},
            started_at=now, finished_at=now, loaded_by="essai", **{f"rows_{figure}": 0 for figure in figures},
        )  # fmt: skip

    return put


@pytest.fixture
def entry(put_in_service: Callable[..., None]) -> Callable[..., RegisterEntry]:
    """Put an establishment into a register in service."""
    put_in_service("CCI")
    put_in_service("CMA")

    def add(siret: str, register: str = "CCI", **facts: Any) -> RegisterEntry:
        return RegisterEntry.objects.create(siret=siret, register=register, **FACTS | facts)

    return add


@pytest.fixture
def sirene(db: None) -> Callable[..., None]:
    """Put an establishment and its company into Sirene."""

    def add(siret: str, *, is_open: bool = True, **facts: Any) -> None:
        SireneEstablishment.objects.create(
            siret=siret, is_open=is_open, is_confidential=False, is_head_office=True, street="7 AVENUE DES ARTS",
            postal_code="35600", city="REDON",
        )  # fmt: skip
        unit = {"is_active": True, "legal_name": "ATELIER DES ARTS", "headcount_code": "12"} | facts
        SireneUnit.objects.create(siren=siret[:9], is_confidential=False, **unit)

    return add


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write a register file, by lines or by bytes; gives its path."""

    def write_file(content: Iterable[str] | bytes, name: str = "cci.csv", header: str = HEADER) -> str:
        data = content if isinstance(content, bytes) else "\n".join((header, *content, "")).encode()
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write_file


def put_into_service(path: str | Path, code: str = "cci", **wishes: Any) -> Report:
    """Load a file whatever its size."""
    return load(code, str(path), Wish(**{"apply": True, "allowed": NAMES, "by": "essai"} | wishes))


def put_sirene_into_service(path: str | Path, stock: str = "etablissements", **wishes: Any) -> sirene_report.Report:
    """Load a stock file whatever its size."""
    wish = sirene_load.Wish(**{"apply": True, "allowed": NAMES, "by": "essai"} | wishes)
    return sirene_load.load(Stock(stock), str(path), wish)


@pytest.fixture
def load_stock(db: None, tmp_path: Path) -> Callable[..., sirene_report.Report]:
    """Load rows, or a whole text, as one stock file."""

    def load_rows(rows: list[dict[str, str]] | str | bytes, stock: str = "etablissements", **wishes: Any) -> Any:
        content = text(stock, rows) if isinstance(rows, list) else rows
        path = tmp_path / f"{stock}.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return put_sirene_into_service(path, stock, **wishes)

    return load_rows


@pytest.fixture
def in_thread() -> Iterator[Callable[..., "Future[Any]"]]:
    """Start a call in another thread, on a connection of its own."""
    with ThreadPoolExecutor(max_workers=4) as pool:
        yield lambda action, *args: pool.submit(on_own_connection, action, *args)


@contextmanager
def at_work_in(table: str) -> Iterator[None]:
    """Hold a table as vacuum does, on a connection of its own."""
    vacuum = connection.copy()
    try:
        vacuum.set_autocommit(False)
        with vacuum.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE")
        yield
    finally:
        vacuum.close()


# --- the help desk's mailbox


@pytest.fixture(scope="session")
def imap_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The sandbox's mail servers."""
    world = World(tmp_path_factory.mktemp("sandbox"))
    with running(world):
        yield world


@pytest.fixture
def helpdesk(imap_world: World, settings: Any) -> HelpDesk:
    """An empty mailbox that the shop reads; TEST_IMAP_URL names another server than the sandbox's."""
    imap_world.store.clear()
    here = f"imap://aide%40masques.example:sandbox@127.0.0.1:{imap_world.imap_port}/INBOX"
    settings.IMAP_URL = os.environ.get("TEST_IMAP_URL", here)
    desk = HelpDesk(settings.IMAP_URL)
    desk.empty()
    return desk
