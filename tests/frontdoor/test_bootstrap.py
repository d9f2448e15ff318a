"""The way from a bare Python into the virtual environment."""

import ast
import json
import sys
from pathlib import Path

import pytest

from sandbox import bootstrap
from sandbox.processes import Trouble

PACKAGE = Path(bootstrap.__file__).parent


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with locks and an environment that is complete."""
    (tmp_path / "requirements").mkdir()
    for name in ("demo", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").touch()
    for name, place in {
        "ROOT": tmp_path,
        "VENV": venv,
        "PYTHON": venv / "bin" / "python",
        "STAMP": venv / "installed.json",
        "STATE": tmp_path / ".demo",
        "UNFINISHED": tmp_path / ".demo" / "installing",
    }.items():
        monkeypatch.setattr(bootstrap, name, place)
    stamp = {"place": str(venv), "python": "3.11.2", "demo": bootstrap._fingerprint("demo")}
    (venv / "installed.json").write_text(json.dumps(stamp))
    return tmp_path


def test_a_second_start_installs_nothing(project):
    assert bootstrap.is_installed("demo", version=None)
    assert bootstrap.is_installed("demo", version="3.11.2")


def test_a_changed_lock_is_installed(project):
    (project / "requirements" / "demo.txt").write_text("# newer\n")
    assert not bootstrap.is_installed("demo", version=None)


def test_the_tests_packages_are_more_than_the_demos(project):
    assert not bootstrap.is_installed("dev", version=None)


def test_another_python_is_noticed_inside_the_environment(project):
    assert not bootstrap.is_installed("demo", version="3.13.0")


def test_a_moved_project_is_noticed(project, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", project / "elsewhere")
    assert not bootstrap.is_installed("demo", version=None)


def test_an_interrupted_installation_is_made_again(project, monkeypatch):
    calls = []

    def run(argv):
        calls.append(argv)
        if "pip" in argv:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(bootstrap, "_run", run)
    monkeypatch.setattr(bootstrap, "_is_usable", lambda: True)
    monkeypatch.setattr(bootstrap, "_make_environment", lambda: calls.append("made"))
    bootstrap.STATE.mkdir()
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install("demo")
    assert "made" not in calls
    assert not bootstrap.is_installed("demo", version=None)
    with pytest.raises(KeyboardInterrupt):
        bootstrap.install("demo")
    assert "made" in calls


def test_missing_venv_is_told_with_its_package(project, monkeypatch):
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "install_system_packages", lambda packages: False)
    with pytest.raises(Trouble, match=r"venv module is missing. As root: apt-get install python3.\d+-venv"):
        bootstrap._make_environment()


def test_missing_pango_is_one_clear_sentence_and_no_end(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "has_pango", lambda: False)
    monkeypatch.setattr(bootstrap, "install_system_packages", lambda packages: False)
    bootstrap.provide_pango()
    said = capsys.readouterr().out
    assert "apt-get install --no-install-recommends libpango-1.0-0" in said


def test_an_old_python_can_read_what_it_is_told():
    for page in ("__init__.py", "__main__.py"):
        ast.parse((PACKAGE / page).read_text(), feature_version=(3, 4))


@pytest.mark.parametrize(
    "page", ["bootstrap", "commands", "demo", "engines", "environment", "processes", "statics", "supervisor"]
)
def test_the_front_door_needs_nothing_but_the_standard_library(page):
    tree = ast.parse((PACKAGE / f"{page}.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {f"sandbox.{name}" for name in ("bootstrap", "engines", "processes")} | {"sandbox"}
    tops = {name.partition(".")[0] for name in imported - ours}
    assert tops <= set(sys.stdlib_module_names)
