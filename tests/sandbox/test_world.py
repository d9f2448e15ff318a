"""The process as a whole: pages, switchboard, reset, background work, the command line."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests
from flask import Blueprint

from sandbox import world as world_module
from sandbox.background import Background
from sandbox.switches import MODES
from sandbox.world import World, create_app, running


@pytest.mark.parametrize("path", ["/", "/mail/", "/sms/", "/parcels/", "/switches/"])
def test_every_page_is_french_says_that_it_is_the_sandbox_and_sets_no_cookie(http, path):
    page = http.get(path)
    assert page.status_code == 200
    assert '<html lang="fr">' in page.text
    assert "Le monde extérieur, <b>en bac à sable</b>" in page.text
    assert "Set-Cookie" not in page.headers
    assert "script" not in page.headers["Content-Security-Policy"]
    assert "<script" not in page.text


def test_the_stylesheet_is_served_from_here(http):
    page = http.get("/").text
    for address in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert address.startswith(("/", "#"))
    assert http.get("/static/sandbox.css").headers["Content-Type"].startswith("text/css")


def test_health_tells_the_smtp_port_and_every_switch(http, world):
    http.switch("laposte", "quota")
    health = http.get("/health").json()
    assert health["status"] == "ok"
    assert health["smtp_port"] == world.smtp_port
    assert health["providers"]["laposte"] == "quota"
    assert health["providers"]["mail"] == "ok"


def test_a_switch_can_be_set_by_form_and_shows_on_page_and_front_page(http):
    answer = http.post("/switches/colissimo", data={"mode": "broken"}, allow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/switches/#colissimo"
    assert 'value="broken" aria-pressed="true"' in http.get("/switches/").text
    assert "réponse multipart abîmée" in http.get("/").text


def test_an_unknown_mode_or_provider_is_refused(http):
    assert http.post("/switches/mail", json={"mode": "dancing"}).status_code == 400
    assert http.post("/switches/mail", json={"mode": "slow", "seconds": "soon"}).status_code == 400
    assert http.post("/switches/bank", json={"mode": "ok"}).status_code == 404


def test_every_provider_can_be_in_order_slow_and_failing():
    for modes in MODES.values():
        assert {"ok", "slow", "failing"} <= set(modes)


def test_a_slow_provider_answers_late_but_well(http):
    http.switch("laposte", "slow", seconds=0.3)
    start = time.monotonic()
    answer = http.get("/laposte/suivi/v2/idships/6A00000000018", headers={"X-Okapi-Key": "okapi-sandbox"})
    assert time.monotonic() - start >= 0.3
    assert answer.status_code == 404


def test_reset_empties_everything_and_puts_the_switches_back(http, world):
    world.store.put("mail", "1", {})
    http.switch("sms", "failing")
    assert http.post("/reset", json={}).json() == {"reset": True}
    assert world.store.count("mail") == 0
    assert world.switches.get("sms") == "ok"


def test_a_switch_survives_a_restart(tmp_path):
    first = World(tmp_path)
    first.switches.set("mail", "failing")
    first.close()
    second = World(tmp_path)
    assert second.switches.get("mail") == "failing"
    second.close()


def test_background_jobs_run_in_order_of_their_due_time_and_one_failure_stops_none(caplog):
    jobs, done, seen = Background(), threading.Event(), []
    jobs.put(0.15, lambda: (seen.append("late"), done.set()))
    jobs.put(0.05, lambda: 1 // 0)
    jobs.put(0, seen.append, "first")
    jobs.put(0, seen.append, "second")
    assert done.wait(5)
    jobs.stop()
    assert seen == ["first", "second", "late"]
    assert "background job failed" in caplog.text


def test_a_background_job_of_a_request_waits_until_the_answer_has_left(tmp_path, monkeypatch):
    world = World(tmp_path)
    seen, ran = [], threading.Event()
    probe = Blueprint("probe", __name__)

    @probe.get("/probe")
    def act():
        def body():
            yield "a"
            time.sleep(0.2)
            seen.append("answer")
            yield "b"

        world.background(lambda: (seen.append("job"), ran.set()))
        return body()

    monkeypatch.setattr(world_module.pages, "blueprint", lambda _world: probe)
    with running(world) as url:
        assert requests.get(url + "/probe", timeout=5).text == "ab"
        assert ran.wait(5)
    assert seen == ["answer", "job"]


def test_the_app_can_be_built_without_serving(tmp_path):
    world = World(tmp_path)
    assert create_app(world).test_client().get("/health").json["status"] == "ok"
    world.close()


def test_the_command_serves_until_it_is_told_to_stop(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--smtp-port", "0", "--state", str(tmp_path / "état du monde")]
    code = "import sys; from sandbox.world import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, *options], env={**os.environ, "PYTHONPATH": os.getcwd()})
    try:
        assert wait_for(f"http://127.0.0.1:{port}/health")["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> dict:
    for _ in range(200):
        try:
            return requests.get(url, timeout=2).json()
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"nobody answers at {url}")
