"""Addresses about accounts. allauth's views keep allauth's names, which its own code asks for; paths are French.

What is not here is not reachable: allauth's other pages are not routed.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import include, path, re_path, reverse_lazy
from django.views.generic import RedirectView

from . import credentials, customer_views, second_factor, views
from .access import desk_login
from .verification import CodeView

urlpatterns = [
    path("inscription/", views.signup_siret, name="signup"),
    path("inscription/compte/", views.signup_account, name="signup_account"),
    path("inscription/demande/<slug:token>/", views.signup_admitted, name="signup_admitted"),
    path("mes-informations/", customer_views.profile, name="profile"),
    path("mon-entreprise/", customer_views.company, name="company"),
    path("communes/<str:postal_code>/", customer_views.communes, name="communes"),
    path("identifiants/", credentials.credentials, name="credentials"),
    path("identifiants/identifiant/", credentials.change_username, name="change_username"),
    path("identifiants/appareils/", credentials.end_other_sessions, name="end_other_sessions"),
]

second_factor_urlpatterns = [
    path("", mfa.index, name="mfa_index"),
    path("connexion/", mfa.authenticate, name="mfa_authenticate"),
    path("confirmation/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("application/", second_factor.SetUpApplication.as_view(), name="mfa_activate_totp"),
    path("application/retirer/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes-de-secours/", second_factor.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("codes-de-secours/nouveaux/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("codes-de-secours/fichier/", recovery.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("cles/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("cles/ajouter/", second_factor.SetUpKey.as_view(), name="mfa_add_webauthn"),
    path("cles/confirmation/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("cles/<int:pk>/retirer/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("cles/<int:pk>/nom/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
]

new_password = account.PasswordResetFromKeyView.as_view(success_url=reverse_lazy("account_login"))

auth_urlpatterns = [
    path("connexion/", account.login, name="account_login"),
    path("connexion/confirmation/", account.reauthenticate, name="account_reauthenticate"),
    path("connexion/compte-ferme/", account.account_inactive, name="account_inactive"),
    path("deconnexion/", account.logout, name="account_logout"),
    path("inscription/compte/", views.signup_account, name="account_signup"),
    path("inscription/verification/", CodeView.as_view(), name="account_email_verification_sent"),
    path("mot-de-passe/oublie/", account.password_reset, name="account_reset_password"),
    path("mot-de-passe/oublie/envoye/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^mot-de-passe/nouveau/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        new_password,
        name="account_reset_password_from_key",
    ),
    path("mot-de-passe/modifier/", account.password_change, name="account_change_password"),
    path("mot-de-passe/choisir/", account.password_set, name="account_set_password"),
    path("identifiants/adresse/", account.email, name="account_email"),
    path("identifiants/double-authentification/", include(second_factor_urlpatterns)),
    # The admin's own pages for these know neither brake nor second factor nor letters.
    path("gestion/login/", desk_login),
    path("gestion/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
]
