"""Every address of the shop, on one page. Paths are French and stable; names are English."""

from django.contrib import admin
from django.urls import include, path

import accounts.urls
import billing.urls
import captcha.urls
import eligibility.urls
import orders.urls
import shipping.urls

from . import health, lookup, pages, space, views

# My space joins several apps and so lives here; its name stays with the customer's other pages.
account_pages = [
    *accounts.urls.urlpatterns,
    path("mon-espace/", space.space, name="space"),
]

public_pages = [
    path("aide/", pages.help_page, name="help"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("cgv/", pages.terms, name="terms"),
    path("donnees-personnelles/", pages.privacy, name="privacy"),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("plan-du-site/", pages.sitemap, name="sitemap"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("robots.txt", pages.robots, name="robots"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("", include((account_pages, "accounts"))),
    path("", include(accounts.urls.auth_urlpatterns)),
    path("", include((eligibility.urls.urlpatterns, "eligibility"))),
    path("", include((orders.urls.urlpatterns, "orders"))),
    path("", include((billing.urls.urlpatterns, "billing"))),
    path("", include((shipping.urls.urlpatterns, "shipping"))),
    path("", include((public_pages, "pages"))),
    path("captcha/", include((captcha.urls.urlpatterns, "captcha"))),
    path("gestion/siret/", admin.site.admin_view(lookup.lookup), name="lookup"),
    path("gestion/", admin.site.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
]

handler404 = "masques.errors.not_found"
handler403 = "masques.errors.forbidden"
handler400 = "masques.errors.bad_request"
handler500 = "masques.errors.server_error"
