"""Static files are collected once for every state of their sources."""

import os

import pytest

from sandbox import statics


@pytest.fixture
def project(tmp_path, monkeypatch):
    for file in ("requirements/prod.txt", "static/css/site.css", "accounts/static/a.js", ".demo/static/old/site.css"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    monkeypatch.setattr(statics, "ROOT", tmp_path)
    monkeypatch.setattr(statics, "STATE", tmp_path / ".demo")
    return tmp_path


def test_the_same_sources_are_collected_once(project):
    calls = []
    for _ in range(3):
        statics.provide(statics.directory(), lambda: calls.append("collect"))
    assert len(calls) == 1


@pytest.mark.parametrize("file", ["requirements/prod.txt", "static/css/site.css", "accounts/static/a.js"])
def test_a_changed_source_is_collected_anew(project, file):
    before = statics.directory()
    (project / file).write_text("something else")
    assert statics.directory() != before


def test_what_was_collected_is_no_source(project):
    before = statics.directory()
    (project / ".demo/static/old/site.css").write_text("something else")
    assert statics.directory() == before


def test_a_collection_that_failed_is_tried_again(project):
    def fail():
        raise OSError

    with pytest.raises(OSError):
        statics.provide(statics.directory(), fail)
    calls = []
    statics.provide(statics.directory(), lambda: calls.append("collect"))
    assert calls == ["collect"]


def test_old_collections_go_and_the_one_asked_for_stays(project):
    place = statics.directory()
    others = [place.with_name(f"{number:016x}") for number in range(statics.KEPT)]
    for age, other in enumerate(others):
        statics.provide(other, lambda: None)
        os.utime(other.with_suffix(".done"), (1_000_000_000 - age, 1_000_000_000 - age))
    statics.provide(place, lambda: None)
    assert place.exists()
    assert [other.exists() for other in others] == [True] * (statics.KEPT - 1) + [False]
