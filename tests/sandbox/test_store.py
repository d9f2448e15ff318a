"""The store forgets nothing it should keep and hands out no number twice."""

import threading
from pathlib import Path

import pytest

from sandbox.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    yield store
    store.close()


def test_a_document_comes_back_as_it_was_put(store):
    store.put("mail", "1", {"subject": "Été", "n": [1, None]})
    assert store.get("mail", "1") == {"subject": "Été", "n": [1, None]}
    assert store.get("sms", "1") is None


def test_rewriting_a_document_keeps_its_place(store):
    for key in "abc":
        store.put("mail", key, {"key": key})
    store.put("mail", "a", {"key": "a", "read": True})
    assert [doc["key"] for doc in store.all("mail")] == ["c", "b", "a"]
    assert [doc["key"] for doc in store.all("mail", newest_first=False, limit=2)] == ["a", "b"]


def test_find_looks_inside_fields_whatever_the_case(store):
    store.put("mail", "1", {"to": "Marie@Example.com", "subject": "Facture"})
    store.put("mail", "2", {"to": "paul@example.com", "subject": "Facture"})
    assert [doc["to"] for doc in store.find("mail", to="marie@", subject="fact")] == ["Marie@Example.com"]
    assert store.find("mail", cc="marie") == []


def test_documents_and_counters_survive_a_restart(tmp_path: Path):
    before = Store(tmp_path)
    before.put("mail", "1", {"subject": "a"})
    before.next_number("mail")
    before.close()
    after = Store(tmp_path)
    assert after.get("mail", "1") == {"subject": "a"}
    assert after.next_number("mail") == 2
    after.close()


def test_clearing_forgets_documents_but_never_reuses_a_number(store):
    store.put("mail", "1", {})
    store.next_number("parcel")
    store.clear()
    assert store.count("mail") == 0
    assert store.next_number("parcel") == 2


def test_many_threads_get_different_numbers_and_lose_no_document(store):
    barrier, numbers = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        for _ in range(25):
            number = store.next_number("x")
            numbers.append(number)
            store.put("doc", str(number), {"number": number})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 201))
    assert store.count("doc") == 200


def test_lock_holds_others_off_between_read_and_write(store):
    store.put("account", "1", {"balance": 0})
    barrier = threading.Barrier(4)

    def add() -> None:
        barrier.wait()
        for _ in range(20):
            with store.lock():
                doc = store.get("account", "1")
                store.put("account", "1", {"balance": doc["balance"] + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("account", "1") == {"balance": 80}
