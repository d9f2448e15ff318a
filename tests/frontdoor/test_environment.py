"""`.env.example` explains every variable that the shop reads, and no other."""

import re

from sandbox.supervisor import ROOT

READ = re.compile(r'\benv\.[a-z_]+\(\s*"([A-Z0-9_]+)"')
EXPLAINED = re.compile(r"^#?([A-Z0-9_]+)=", re.MULTILINE)
# Read by docker-compose.yml, the reverse proxy and gunicorn.
OF_THE_SURROUNDINGS = {
    "SITE_DOMAIN", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "BIND", "WEB_CONCURRENCY", "WEB_THREADS", "WEB_MAX_REQUESTS",
}  # fmt: skip


def test_every_variable_is_explained_and_every_explained_one_is_read():
    read = set(READ.findall((ROOT / "masques" / "settings.py").read_text())) | OF_THE_SURROUNDINGS
    explained = EXPLAINED.findall((ROOT / ".env.example").read_text())
    assert sorted(explained) == sorted(read)


def test_the_surroundings_read_what_is_explained_for_them():
    pages = [ROOT / "docker-compose.yml", ROOT / "deploy" / "Caddyfile", ROOT / "deploy" / "gunicorn.conf.py"]
    text = "".join(page.read_text() for page in pages)
    assert {name for name in OF_THE_SURROUNDINGS if name not in text} == set()
