"""The embedded engines keep what they are given, and are nobody else's."""

import psycopg
import pytest

from sandbox import supervisor
from sandbox.engines import Postgres, Valkey, ask_redis
from sandbox.processes import Trouble


@pytest.fixture
def state(tmp_path):
    directory = tmp_path / "état avec espace"
    (directory / "logs").mkdir(parents=True)
    yield directory
    supervisor.empty(directory)


def test_postgresql_keeps_its_data_over_a_restart(state):
    for count in (1, 2):
        postgres = Postgres(state, durable=False)
        child = postgres.start()
        with psycopg.connect(postgres.url()) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS visit (id serial)")
            connection.execute("INSERT INTO visit DEFAULT VALUES")
            assert connection.execute("SELECT count(*) FROM visit").fetchone() == (count,)
        child.stop()
        postgres.clean_up()
        assert not postgres.sockets.exists()


def test_postgresql_sorts_by_code_point_and_knows_accents(state):
    postgres = Postgres(state, durable=False)
    child = postgres.start()
    with psycopg.connect(postgres.url()) as connection:
        row = connection.execute("SELECT upper('épinard'), 'Z' < 'a', 'z' < 'é'").fetchone()
    child.stop()
    postgres.clean_up()
    assert row == ("ÉPINARD", True, True)


def test_a_wrong_bindir_is_told(state, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", "/nowhere")
    with pytest.raises(Trouble, match="PG_BINDIR is /nowhere, but there is no initdb in it"):
        Postgres(state).start()


def test_data_of_another_version_are_not_touched(state):
    postgres = Postgres(state, durable=False)
    postgres.start().stop()
    postgres.clean_up()
    (postgres.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(Trouble, match="written by PostgreSQL 12"):
        Postgres(state).start()


def test_valkey_answers_only_who_has_the_password_and_keeps_its_address(state):
    valkey = Valkey(state)
    child = valkey.start()
    assert "PONG" in ask_redis(valkey.url, "PING")
    assert "NOAUTH" in ask_redis(f"redis://127.0.0.1:{valkey.port}/0", "PING")
    assert valkey.password not in " ".join(child.argv)
    child.kill()
    assert ask_redis(valkey.url, "PING") == ""
    child.start()
    child.wait_until_ready(10)
    child.stop()
