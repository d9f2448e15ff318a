"""A load that dies: the process is killed outright, ten times, wherever it happens to be."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from django.db import connection

from eligibility.models import RegisterEntry, RegisterLoad
from eligibility.registers.generator import Order, batches
from eligibility.registers.staging import PARENT
from tests.eligibility.conftest import put_into_service

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
ROWS = 20_000
KILLS = 10
PATIENCE = 60  # seconds

# The loader in a process of its own. It says when it begins: killing an interpreter that starts proves nothing.
PROGRAM = """
import os, sys
import django
django.setup()
from django.db import connection
from eligibility.registers import guards
from eligibility.registers.load import Wish, load
connection.settings_dict["NAME"] = sys.argv[2]
connection.ensure_connection()
print("loading", flush=True)
load("cci", sys.argv[1], Wish(apply=True, allowed=guards.NAMES, by="victime"))
"""


def start(path: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", PROGRAM, str(path), connection.settings_dict["NAME"]]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "masques.settings", "POLARS_MAX_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    with cast(BinaryIO, process.stdout) as said:
        assert said.readline() == b"loading\n"
    return process


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND starts_with(relname, %s) ORDER BY 1", [PARENT]
        )
        return [name for (name,) in cursor.fetchall()]


def wait_until_gone() -> None:
    """The server notices the death of its client, and undoes what it had begun."""
    deadline = time.monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s",
                ["%victime"],
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("the killed load still holds its place")


def test_a_load_killed_at_ten_random_points_leaves_the_register_usable(tmp_path: Path) -> None:
    before, after = tmp_path / "avant.csv", tmp_path / "apres.csv"
    for path, month in ((before, 0), (after, 1)):
        path.write_bytes(b"".join(batches(Order("CCI", ROWS, seed=3, month=month))))
    put_into_service(before)
    register = set(RegisterEntry.objects.values_list("siret", "updated_on"))

    whole = start(after)
    began = time.monotonic()
    assert whole.wait(PATIENCE) == 0
    length = time.monotonic() - began
    put_into_service(before)
    stands = tables()

    dice, killed = random.Random(20201101), 0
    for number in range(5 * KILLS):  # some loads are quicker than the shot: on a busy machine times vary
        if killed == KILLS:
            break
        process = start(after)
        time.sleep(dice.uniform(0, 0.8 * length))
        process.kill()
        killed += process.wait(PATIENCE) == -signal.SIGKILL
        wait_until_gone()
        if RegisterLoad.objects.get(is_active=True).file_name == after.name:
            put_into_service(before)  # it was quicker than the shot: begin again
        assert tables() == stands, f"kill {number} left a table behind"
        assert set(RegisterEntry.objects.values_list("siret", "updated_on")) == register
    assert killed == KILLS

    last = start(after)
    assert last.wait(PATIENCE) == 0
    assert RegisterLoad.objects.get(is_active=True).file_name == after.name
    assert put_into_service(after).is_same_file
