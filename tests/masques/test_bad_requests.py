"""Requests that no page of ours makes: wrong methods, no token, huge bodies, other hosts, foreign ways back."""

import io
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import PASSWORD, OrderFactory, UserFactory
from tests.journeys import customer
from tests.masques.typed import FORM

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "DELETE")
SIGNS_OUT = "account_logout"


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the shop by its name; the desk's are Django's own."""
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            if pattern.name:
                yield f"{prefix}{pattern.name}", pattern
        elif pattern.app_name != "admin":
            yield from addresses(pattern.url_patterns, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)


def all_urls(reference: str) -> dict[str, str]:
    """One address for each name, with something fitting in its holes."""
    fitting = {
        "reference": reference, "number": "F2026-000001", "parcel": "6A12345678901", "token": "x" * 43, "pk": 1,
        "postal_code": "35600", "uidb36": "1", "key": "set-password",
    }  # fmt: skip
    found = {}
    for name, pattern in addresses(get_resolver().url_patterns):
        holes = pattern.pattern.regex.groupindex if hasattr(pattern.pattern, "regex") else {}
        names = {*holes, *getattr(pattern.pattern, "converters", {})}
        found[name] = reverse(name, kwargs={hole: fitting[hole] for hole in names})
    assert len(found) > 60
    return found


@pytest.fixture(autouse=True)
def quiet(settings, monkeypatch) -> None:
    """The brakes and the PDF engine have tests of their own."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.CAPTCHA_CHALLENGE_RATE = settings.SIRET_CHECK_RATE = "100000/m"
    monkeypatch.setattr("orders.leaflet.open_pdf", lambda: io.BytesIO(b"%PDF"))


@pytest.mark.parametrize("who", ["visitor", "customer", "staff", "customer without a site"])
def test_no_method_on_any_address_is_our_fault(who):
    user = {
        "visitor": lambda: None,
        "customer": lambda: customer(headcount=49),
        "staff": lambda: UserFactory(staff=True),
        "customer without a site": lambda: UserFactory(establishment=None),
    }[who]()
    site = getattr(user, "establishment", None)
    order = OrderFactory(**{"establishment": site} if site else {})
    client = Client()
    if user:
        client.force_login(user)
    cookies = client.cookies.copy()
    for name, url in all_urls(order.reference).items():
        for method in METHODS:
            response = client.generic(method, url, content_type=FORM)
            assert response.status_code < 500 or name == "readyz", f"{method} {name}"
            # allauth's views take a PUT for a form sent empty.
            if method not in ("GET", "HEAD", "POST") and not name.startswith(("account_", "mfa_")):
                assert response.status_code in (302, 403, 404, 405), f"{method} {name}: {response.status_code}"
            if name == SIGNS_OUT and user:
                client.force_login(user)
            elif user is None:
                client.cookies = cookies.copy()


def test_a_method_that_is_not_allowed_says_which_are(client):
    response = client.put("/aide/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
    assert response.content == b"", "who is no browser needs no page"


@pytest.mark.parametrize(
    ("method", "path", "is_customer"),
    [
        ("post", "/mes-factures/", True), ("post", "/commandes/", True), ("post", "/mon-espace/", True),
        ("put", "/commander/", True), ("post", "/tarifs/", True), ("post", "/tarifs/", False), ("put", "/aide/", False),
    ],
)  # fmt: skip
def test_a_browser_gets_a_page_to_read_where_a_method_is_not_allowed(client, method, path, is_customer):
    if is_customer:
        client.force_login(customer())
    response = getattr(client, method)(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 405
    assert response["Allow"].startswith("GET, HEAD")
    page = response.content.decode()
    assert "Rien n’a été enregistré." in page
    assert 'href="/aide/"' in page
    assert "Content-Security-Policy" in response


# --- forms without their token


POSTS = (
    "/", "/inscription/", "/inscription/compte/", "/inscription/verification/", "/connexion/", "/deconnexion/",
    "/mot-de-passe/oublie/", "/rejet-siret/", "/aide/", "/commander/", "/mes-informations/", "/mon-entreprise/",
    "/identifiants/appareils/",
)  # fmt: skip
OF_AN_ORDER = ("livraison", "recapitulatif", "interrompre", "annuler", "payer", "commander-et-payer")


@pytest.mark.parametrize("user", [True, False], ids=["customer", "visitor"])
def test_a_form_without_its_token_is_not_taken_and_the_page_says_what_to_do(user):
    order = OrderFactory()
    client = Client(enforce_csrf_checks=True)
    if user:
        client.force_login(UserFactory(establishment=order.establishment))
    for path in (*POSTS, *(f"/commandes/{order.reference}/{step}/" for step in OF_AN_ORDER)):
        response = client.post(path, {"siret": "1", "lots": "1"})
        assert response.status_code == 403, path
        page = response.content.decode()
        assert "rien n’a été envoyé" in page, path
        assert "Content-Security-Policy" in response
    order.refresh_from_db()
    assert order.status == "awaiting_payment"


def test_a_token_of_before_signing_in_is_refused_and_the_page_leads_on():
    """The tab that was open while somebody signed in elsewhere: the token was changed at that moment."""
    client = Client(enforce_csrf_checks=True)
    old = client.get("/connexion/").context["csrf_token"]
    user = customer()
    data = {"login": user.username, "password": PASSWORD, "csrfmiddlewaretoken": str(old)}
    assert client.post("/connexion/", data).status_code == 302
    response = client.post("/commander/", {"lots": "1", "csrfmiddlewaretoken": str(old)})
    assert response.status_code == 403
    fresh = str(client.get("/commander/").context["csrf_token"])
    assert client.post("/commander/", {"lots": "1", "csrfmiddlewaretoken": fresh}).status_code == 302


def test_a_form_on_a_foreign_page_is_not_taken():
    client = Client(enforce_csrf_checks=True)
    client.force_login(customer())
    token = str(client.get("/commander/").context["csrf_token"])
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        data = {"lots": "1", "csrfmiddlewaretoken": token}
        assert client.post("/commander/", data, headers={"Origin": origin}).status_code == 403, origin


# --- too much of everything


@pytest.mark.parametrize("path", ["/", "/connexion/", "/rejet-siret/", "/aide/", "/commander/", "/mes-informations/"])
def test_a_huge_body_is_refused_with_a_page_that_says_so(path, settings):
    client = Client()
    if path in ("/commander/", "/mes-informations/"):
        client.force_login(customer())
    body = "siret=" + "1" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for content, content_type in ((body, FORM), (multipart(body), "multipart/form-data; boundary=x")):
        response = client.generic("POST", path, content, content_type=content_type)
        assert response.status_code == 413
        assert "Raccourcissez votre texte" in response.content.decode()


def multipart(text: str) -> str:
    return f'--x\r\nContent-Disposition: form-data; name="siret"\r\n\r\n{text}\r\n--x--\r\n'


def test_a_thousand_fields_are_not_a_form_of_ours(client):
    response = client.post("/", "&".join(f"f{number}=1" for number in range(1000)), FORM)
    assert response.status_code == 400
    assert "Rien n’a été enregistré." in response.content.decode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
        ("nonsense", "multipart/form-data"),
        ("nonsense", "multipart/form-data; boundary=" + "x" * 300),
        ("{}", "application/json"),
        ("a" * 100, "text/plain; charset=utf-7"),
        ("siret=1", FORM + "; charset=no-such-charset"),
        ("siret=%", FORM),
        ("", "multipart/form-data; boundary=é"),
    ],
    ids=range(8),
)
def test_a_body_that_is_no_form_is_answered_like_one(client, body, content_type):
    response = client.generic("POST", "/", body, content_type=content_type)
    assert response.status_code in (200, 400)
    assert "<h1" in response.content.decode()


def test_a_file_that_nobody_asked_for_is_not_kept(client, tmp_path, settings):
    settings.PRIVATE_ROOT = str(tmp_path)
    part = (
        '--x\r\nContent-Disposition: form-data; name="siret"; filename="../../x.html"\r\n\r\n'
        + "x" * 1000
        + "\r\n--x--\r\n"
    )
    assert client.generic("POST", "/", part, content_type="multipart/form-data; boundary=x").status_code == 200
    assert not list(tmp_path.iterdir())


# --- addresses


@pytest.mark.parametrize(
    "path",
    [
        "/%00", "/suivi/%00/", "/mes-factures/%00.pdf", "/commandes/%00/", "/communes/%00/", "/rejet-siret/%00/",
        "/mes-factures/F2026%00.pdf", "/suivi/%ED%A0%80/", "/mes-factures/%FF%FE.pdf",
        "/commandes/%ED%A0%80%ED%A0%80%20/",
        "/communes/%F0%9F%98%80/", "/suivi/" + "9" * 5000 + "/", "/commandes/" + "A" * 5000 + "/",
        "/mot-de-passe/nouveau/" + "z" * 5000 + "-x/", "/mot-de-passe/nouveau/1-%00/",
        "/rejet-siret/" + "x" * 5000 + "/",
        "/identifiants/double-authentification/cles/" + "9" * 40 + "/nom/", "/nulle-part/",
        "//evil.example/", "/..%2f..%2f",
    ],
    ids=lambda path: f"{path:.40}",
)  # fmt: skip
def test_an_address_that_names_nothing_is_answered_calmly(path):
    for user in (None, customer()):
        client = Client()
        if user:
            client.force_login(user)
        response = client.get(path)
        assert response.status_code in (200, 302, 404), path
        assert not response.headers.get("Location", "").startswith(("http", "//"))


@pytest.mark.parametrize(
    "query", ["session_id=%00", "session_id=%ED%A0%80", "session_id=" + "x" * 9000, "etape=%00", "p=%FF"]
)
def test_neither_does_a_query_break_a_page(query):
    user = customer()
    order = OrderFactory(establishment=user.establishment)
    client = Client()
    client.force_login(user)
    for path in (
        reverse("billing:return", args=[order.reference]),
        "/mes-informations/",
        "/mon-espace/",
        "/suivi/",
        "/",
    ):
        assert client.get(f"{path}?{query}").status_code in (200, 404)


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages"])
@pytest.mark.parametrize("value", [r'"\000aaaaaaaaaaaa"', "x" * 3000, "é" * 20, '"', "a b;c", "null"], ids=range(6))
def test_a_cookie_that_is_not_ours_is_no_error(name, value):
    client = Client(headers={"cookie": f"{name}={value}"})
    for path in ("/", "/connexion/", "/mon-espace/", "/commander/"):
        assert client.get(path).status_code in (200, 302, 400), path


# --- hosts and ways back


@pytest.mark.parametrize(
    "host", ["evil.example", "testserver.evil.example", "127.0.0.1:1@evil.example", "évil", "", "a" * 300]
)
def test_an_unknown_host_is_refused_and_not_repeated(host):
    for path in ("/", "/mot-de-passe/oublie/", "/gestion/", "/nulle-part/", "/mon-espace"):
        response = Client(HTTP_HOST=host).get(path)
        assert response.status_code == 400, path
        assert "evil" not in response.content.decode() + str(response.headers), path
        assert "Demande non comprise" in response.content.decode()


def test_a_forwarded_host_is_not_believed(client):
    page = client.get("/nulle-part", headers={"X-Forwarded-Host": "evil.example"}, follow=True)
    assert "evil" not in page.content.decode()


FOREIGN = (
    "https://evil.example/", "//evil.example/", "///evil.example", r"\\evil.example", r"/\evil.example",
    "http:evil.example",
    "javascript:alert(1)", "https:///evil.example", " //evil.example", "/\t/evil.example", "data:text/html,x",
    "é" * 3000,
    "https://testserver@evil.example/", "https://testserver.evil.example/",
)  # fmt: skip


@pytest.mark.parametrize("way", FOREIGN, ids=lambda way: f"{way:.30}")
def test_a_foreign_way_back_is_ignored(way):
    user = customer()
    credentials = {"login": user.username, "password": PASSWORD}
    for data, query in ((credentials | {"next": way}, ""), (credentials, way)):
        client = Client()
        page = client.get("/connexion/", {"next": way})
        assert "evil.example" not in hrefs(page)
        response = client.post("/connexion/" + (f"?next={query}" if query else ""), data)
        assert stays_here(response), response["Location"]
    response = client.post("/connexion/confirmation/", {"password": PASSWORD, "next": way})
    assert stays_here(response), response["Location"]
    assert stays_here(client.get("/connexion/", {"next": way}))
    assert stays_here(client.post("/deconnexion/", {"next": way}))


def hrefs(page: HttpResponse) -> str:
    return " ".join(part.partition('"')[0] for part in page.content.decode().split('href="')[1:])


def stays_here(response: HttpResponse) -> bool:
    location = response.headers["Location"]
    return response.status_code == 302 and location.startswith("/") and not location.startswith(("//", "/\\", "/\t"))


@pytest.mark.parametrize("way", ["/commander/", "/suivi/?numero=6A12345678901", "/mes-factures/"])
def test_a_way_back_within_the_shop_is_taken(client, way):
    user = customer()
    response = client.post("/connexion/", {"login": user.username, "password": PASSWORD, "next": way})
    assert response["Location"] == way
