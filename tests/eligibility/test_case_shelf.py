"""Good files outlive the mistakes of their form: kept privately, for this form of this browser, an hour at most."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.test import Client
from django.utils import timezone

from eligibility.cases import documents, shelf, tasks
from eligibility.cases.documents import MAX_SIZE
from eligibility.cases.models import Case
from eligibility.cases.waiting import WaitingFile
from masques.celery import app
from tests.eligibility import clamd
from tests.eligibility.conftest import plain, sirets
from tests.eligibility.files import EICAR, HEIC, PDF, pdf, picture, upload
from tests.eligibility.test_case_page import post, text, url
from tests.eligibility.test_cases import SIRET, errors, form
from tests.factories import CaseFactory

pytestmark = pytest.mark.django_db
FORM = "/rejet-siret/"


def send(client: Client, *files: Any, again: Any = None, kept: list[str] | None = None, **changes: Any) -> Any:
    """Send the form, or send again the page that came back, with all its boxes ticked or with these."""
    data = form(client, **changes)
    if again is not None:
        data |= {"sending": number_of(again), "kept": ticked(again) if kept is None else kept}
    return client.post(FORM, data | ({"files": list(files)} if files else {}))


def number_of(page: Any) -> str:
    found = re.search(r'name="sending" value="([^"]+)"', page.content.decode())
    assert found
    return found[1]


def boxes(page: Any) -> dict[str, str]:
    """The kept files that a page offers: the box's value by the file's name; every box is ticked."""
    found = {}
    for box, label in re.findall(r'(<input type="checkbox" name="kept"[^>]*>)\s*([^<]*)', page.content.decode()):
        assert "checked" in box
        found[plain(label).rpartition(" (")[0]] = re.search(r'value="(\d+)"', box)[1]  # type: ignore[index]
    return found


def ticked(page: Any) -> list[str]:
    return list(boxes(page).values())


def bytes_on_shelf() -> int:
    storage = storages["private"]
    return len(storage.listdir(shelf.FOLDER)[1]) if storage.exists(shelf.FOLDER) else 0


@pytest.fixture(autouse=True)
def swept() -> None:
    """What other tests have rolled back has left its bytes."""
    storage = storages["private"]
    if storage.exists(shelf.FOLDER):
        for name in storage.listdir(shelf.FOLDER)[1]:
            storage.delete(f"{shelf.FOLDER}/{name}")


# --- the form


def test_a_mistake_elsewhere_keeps_the_files_and_sends_them_with_the_mended_form(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), upload("photo.jpg", picture()), postal_code="3")
    assert errors(page) == {"postal_code": ["Le code postal comporte 5\u00a0chiffres."]}
    assert list(boxes(page)) == ["kbis.pdf", "photo.jpg"]
    assert "Ils sont gardés une heure" in text(page)
    assert send(client, again=page).status_code == 302
    case = Case.objects.get()
    assert case.state == "documents_received"
    assert sorted(case.documents.values_list("name", "content_type", "size")) == [
        ("kbis.pdf", "application/pdf", len(PDF)), ("photo.jpg", "image/jpeg", len(picture())),
    ]  # fmt: skip
    with storages["private"].open(case.documents.get(name="kbis.pdf").path) as file:
        assert file.read() == PDF
    assert not WaitingFile.objects.exists()
    assert bytes_on_shelf() == 0


def test_bad_files_are_told_with_the_other_mistakes_each_in_its_sentence(client: Client) -> None:
    page = send(
        client, upload("kbis.pdf"), upload("vide.pdf", b""), upload("IMG_1.HEIC", HEIC), upload("coupe.pdf", PDF[:-9]),
        upload("gros.pdf", PDF + bytes(MAX_SIZE)), upload("n" * 200 + ".pdf"), postal_code="3",
    )  # fmt: skip
    assert set(errors(page)) == {"postal_code", "files"}
    told = plain(" ".join(errors(page)["files"]))
    for words in ("« vide.pdf » est vide", "HEIC", "« coupe.pdf » est incomplet", "« gros.pdf » dépasse", "trop long"):
        assert words in told
    assert list(boxes(page)) == ["kbis.pdf"]


def test_a_bad_file_alone_holds_the_form_back_until_it_is_sent_without_it(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), upload("IMG.HEIC", HEIC))
    assert set(errors(page)) == {"files"}
    assert not Case.objects.exists()
    assert send(client, again=page).status_code == 302
    assert Case.objects.get().documents.get().name == "kbis.pdf"


def test_a_file_that_is_unticked_is_taken_out_at_once(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), upload("mauvais.pdf"), postal_code="3")
    page = send(client, again=page, kept=[boxes(page)["kbis.pdf"]], postal_code="3")
    assert list(boxes(page)) == ["kbis.pdf"]
    assert bytes_on_shelf() == WaitingFile.objects.count() == 1
    assert send(client, again=page, kept=[]).status_code == 302
    assert not Case.objects.get().documents.exists()
    assert bytes_on_shelf() == WaitingFile.objects.count() == 0


def test_more_files_may_be_added_to_those_that_are_kept_up_to_the_limit(client: Client) -> None:
    files = [upload(f"{number}.pdf", pdf(b"%02d" % number)) for number in range(11)]
    page = send(client, *files[:8], postal_code="3")
    page = send(client, *files[8:], again=page)
    assert plain(errors(page)["files"][0]) == "« 10.pdf » : 10 fichiers au maximum par envoi."
    assert len(boxes(page)) == 10
    send(client, again=page)
    assert Case.objects.get().documents.count() == 10


def test_what_is_kept_may_be_chosen_again_out_of_habit(client: Client) -> None:
    ten = [pdf(b"%d" % number) for number in range(10)]
    page = send(client, *(upload(f"{number}.pdf", content) for number, content in enumerate(ten)), postal_code="3")
    page = send(client, *(upload("encore.pdf", content) for content in ten), again=page, postal_code="3")
    assert set(errors(page)) == {"postal_code"}
    assert len(boxes(page)) == 10
    # Another file of the same size is another file.
    unticked = ticked(page)[1:]
    page = send(client, upload("autre.pdf", pdf(b"x")), again=page, kept=unticked, postal_code="3")
    assert list(boxes(page))[-1] == "autre.pdf"
    assert send(client, again=page).status_code == 302
    assert Case.objects.get().documents.count() == 10


def test_the_page_without_mistakes_knows_no_kept_files(client: Client) -> None:
    assert "Fichiers gardés" not in text(client.get(FORM))
    page = send(client, postal_code="3")
    assert "Fichiers gardés" not in text(page)
    assert "case_files" not in client.session


def test_a_file_with_a_virus_is_not_kept(client: Client, settings: Any) -> None:
    with clamd.running() as server:
        settings.CLAMAV_ADDRESS = server.address
        page = send(client, upload("facture.pdf", pdf(EICAR)), upload("kbis.pdf"), postal_code="3")
        assert list(boxes(page)) == ["kbis.pdf"]
        send(client, again=page)
    assert Case.objects.get().documents.get().scan == "clean"
    assert len(server.scanned) == 2, "what was scanned is not scanned again"


# --- whose they are


def test_another_browser_does_not_come_by_the_files_even_with_all_numbers(client: Client) -> None:
    page = send(client, upload("paie.pdf"), postal_code="3")
    thief = Client()
    send(thief, upload("x.pdf"), postal_code="3")  # with a shelf of its own
    answer = send(thief, again=page, kept=ticked(page))
    assert plain(errors(answer)["files"][0]).startswith("Un fichier gardé n’est plus là")
    assert "paie.pdf" not in text(answer)
    assert WaitingFile.objects.filter(name="paie.pdf").exists()


def test_two_forms_of_one_browser_keep_their_files_apart(client: Client) -> None:
    first = send(client, upload("premier.pdf"), postal_code="3")
    second = send(client, upload("second.pdf"), postal_code="3")
    assert list(boxes(second)) == ["second.pdf"]
    send(client, again=first)
    send(client, again=second, siret=sirets(2)[1])
    names = [case.documents.get().name for case in Case.objects.order_by("pk")]
    assert names == ["premier.pdf", "second.pdf"]


def test_bytes_lie_under_a_random_name(client: Client) -> None:
    send(client, upload("kbis.pdf"), postal_code="3")
    path = WaitingFile.objects.get().path
    assert re.fullmatch(r"waiting/[0-9a-f]{32}", path)
    assert len(client.session["case_files"]) == 43


# --- how long, how much


def test_a_file_that_has_had_its_hour_is_asked_for_again_and_deleted(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), postal_code="3")
    WaitingFile.objects.update(kept_at=timezone.now() - shelf.KEPT)
    answer = send(client, again=page)
    assert plain(errors(answer)["files"][0]).startswith("Un fichier gardé n’est plus là")
    assert "Fichiers gardés" not in text(answer)
    tasks.clear_shelf()
    assert bytes_on_shelf() == WaitingFile.objects.count() == 0


def test_the_timetable_clears_the_shelf() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.clear_shelf.name in names


def test_only_what_is_old_is_cleared_bytes_without_a_row_included(client: Client) -> None:
    send(client, upload("kbis.pdf"), postal_code="3")
    storages["private"].save(f"{shelf.FOLDER}/orphan", ContentFile(b"x"))
    now = timezone.now()
    assert shelf.clear(now) == 0
    assert bytes_on_shelf() == 2
    assert shelf.clear(now + shelf.KEPT + timedelta(seconds=1)) == 2
    assert bytes_on_shelf() == 0


def test_a_full_shelf_asks_to_choose_the_files_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "ROOM", len(PDF) * 3 // 2)
    assert boxes(send(client, upload("un.pdf"), postal_code="3"))
    page = send(client, upload("deux.pdf"), postal_code="3")
    assert plain(errors(page)["files"][0]).startswith("Choisissez de nouveau vos fichiers")
    assert not boxes(page)
    assert WaitingFile.objects.count() == 1


def test_a_storage_out_of_order_costs_the_files_and_not_the_form(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **facts: Any) -> str:
        raise OSError("no space left on device")

    monkeypatch.setattr(documents, "keep", refuse)
    page = send(client, upload("kbis.pdf"), postal_code="3")
    assert plain(errors(page)["files"][0]).startswith("Choisissez de nouveau vos fichiers")
    assert page.context["form"]["legal_name"].value() == "ATELIER MARTIN"


def test_files_are_looked_at_only_so_often_from_one_address(client: Client, settings: Any) -> None:
    settings.CASE_UPLOAD_RATE = "1/h"
    page = send(client, upload("kbis.pdf"), postal_code="3")
    slowed = send(client, upload("autre.pdf"), again=page, postal_code="3")
    assert slowed.status_code == 429
    assert list(boxes(slowed)) == ["kbis.pdf"]
    assert plain(errors(slowed)["files"][0]).startswith("Choisissez de nouveau vos fichiers")
    assert send(client, again=slowed).status_code == 302  # without new files nothing is slowed
    assert Case.objects.get().documents.get().name == "kbis.pdf"


def test_too_many_requests_from_one_address_keep_the_files_too(client: Client, settings: Any) -> None:
    settings.CASE_RATE = "1/h"
    send(client)
    page = send(client, upload("kbis.pdf"), siret=sirets(2)[1])
    assert page.status_code == 429
    assert list(boxes(page)) == ["kbis.pdf"]


def test_bytes_that_are_lost_are_asked_for_again(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), upload("paie.pdf"), postal_code="3")
    storages["private"].delete(WaitingFile.objects.get(name="paie.pdf").path)
    answer = send(client, again=page)
    assert plain(errors(answer)["files"][0]).startswith("Un fichier gardé n’est plus là")
    assert list(boxes(answer)) == ["kbis.pdf"]
    assert send(client, again=answer).status_code == 302


@pytest.mark.parametrize("kept", [["0"], ["abc"], ["²"], ["1" * 400], ["-1", "\0"]])
def test_a_box_that_never_was_is_no_error(client: Client, kept: list[str]) -> None:
    page = send(client, upload("kbis.pdf"), postal_code="3")
    answer = send(client, again=page, kept=kept)
    assert answer.status_code == 200
    assert plain(errors(answer)["files"][0]).startswith("Un fichier gardé n’est plus là")


def test_a_form_without_files_asks_the_database_nothing_more(
    client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    data = form(client, postal_code="3")
    with django_assert_max_num_queries(3):
        client.post(FORM, data)


# --- the same form twice


def at_once(times: int, act: Callable[[], Any]) -> list[Any]:
    """Do something in so many threads in the same moment."""
    barrier = threading.Barrier(times)

    def wait_and_act(_: int) -> Any:
        barrier.wait(10)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(wait_and_act, range(times)))


def twin(client: Client) -> Client:
    """Another tab of the same browser."""
    tab = Client()
    tab.cookies = client.cookies
    return tab


def test_the_mended_form_sent_twice_is_one_request(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), postal_code="3")
    first = send(client, again=page)
    second = send(client, again=page)
    assert first.headers["Location"] == second.headers["Location"] == "/rejet-siret/envoyee/"
    case = Case.objects.get()
    assert case.messages.count() == case.documents.count() == 1
    assert case.number in client.get("/rejet-siret/envoyee/").content.decode()


def test_the_same_form_filled_in_for_another_siret_is_another_request(client: Client) -> None:
    page = send(client, upload("kbis.pdf"), postal_code="3")
    send(client, again=page)
    send(client, upload("autre.pdf"), again=page, kept=[], siret=sirets(2)[1])
    assert [case.documents.get().name for case in Case.objects.order_by("pk")] == ["kbis.pdf", "autre.pdf"]


@pytest.mark.django_db(transaction=True)
def test_two_clicks_in_the_same_moment_on_the_applicants_page_are_one_sending(client: Client) -> None:
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), message="é" * 2001)
    data = {"sending": number_of(page), "kept": ticked(page), "message": "Bonjour"}
    answers = at_once(4, lambda: twin(client).post(url(case), data))
    assert [answer.status_code for answer in answers] == [302] * 4
    assert case.messages.count() == case.documents.count() == 1
    assert bytes_on_shelf() == WaitingFile.objects.count() == 0


# --- the applicant's page


def test_the_applicants_page_keeps_message_and_files_until_both_are_right(client: Client) -> None:
    case = CaseFactory(siret=SIRET)
    page = post(client, case, upload("kbis.pdf"), upload("IMG_1.HEIC", HEIC), message="é" * 2001)
    assert set(errors(page)) == {"message", "files"}
    assert "é" * 2001 in page.content.decode()
    assert list(boxes(page)) == ["kbis.pdf"]
    assert not case.messages.exists()
    post(client, case, sending=number_of(page), kept=ticked(page), message="Voici le Kbis.")
    message = case.messages.get()
    assert (message.body, message.documents.get().name) == ("Voici le Kbis.", "kbis.pdf")
    case.refresh_from_db()
    assert case.state == "documents_received"
    assert bytes_on_shelf() == WaitingFile.objects.count() == 0


def test_kept_files_are_something_to_send(client: Client) -> None:
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), upload("vide.pdf", b""))
    post(client, case, sending=number_of(page), kept=ticked(page))
    assert case.documents.get().name == "kbis.pdf"


def test_the_mended_page_sent_twice_is_one_sending(client: Client) -> None:
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), message="é" * 2001)
    for _ in range(2):
        answer = post(client, case, sending=number_of(page), kept=ticked(page), message="Bonjour")
        assert answer.redirect_chain == [(url(case), 302)]
    assert case.messages.count() == case.documents.count() == 1


def test_a_slowed_sender_keeps_what_was_kept(client: Client, settings: Any) -> None:
    settings.CASE_UPLOAD_RATE = "1/h"
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), message="é" * 2001)
    slowed = post(client, case, sending=number_of(page), kept=ticked(page), message="Bonjour")
    assert slowed.status_code == 429
    assert list(boxes(slowed)) == ["kbis.pdf"]


@pytest.mark.parametrize("sending", ["", "abc", "\0", "x" * 5000, "0195e6f4-3f0c-4a6a-9f7e-5b6ad1f0c001"])
def test_whatever_number_a_form_bears_its_files_are_kept(client: Client, sending: str) -> None:
    case = CaseFactory()
    page = post(client, case, upload("kbis.pdf"), sending=sending, message="é" * 2001)
    assert list(boxes(page)) == ["kbis.pdf"]
    post(client, case, sending=number_of(page), kept=ticked(page), message="Bonjour")
    assert Path(case.documents.get().name).stem == "kbis"
