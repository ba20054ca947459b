"""The addresses of the service. Joins what the doors offer; holds no view logic of its own."""

from allauth.account import views as account_views
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config.health import healthz, healthz_work
from config.status_page import status
from connectors.dashboard import home, public, shared_fit
from connectors.dashboard.invitation import invitation
from connectors.dashboard.outbox import outbox
from connectors.dashboard.sandbox_page import sandbox_page
from tenants.accounts import passkeys, two_factor
from tenants.accounts.confirming import confirm
from tenants.accounts.session_list import SessionsView
from tenants.accounts.sign_in import SignInView

urlpatterns = [
    path("", home.home, name="home"),
    path("how/<slug:flow>/", public.how, name="how"),
    path("security/", public.security, name="security"),
    path("status/", status, name="status"),
    path("docs/", public.manuals, name="manuals"),
    path("docs/<slug:name>/", public.manual_page, name="manual"),
    path("sign-in/", SignInView.as_view(), name="account_login"),
    path("sign-up/", account_views.signup, name="account_signup"),
    path(
        "sign-up/code/",
        account_views.email_verification_sent,
        name="account_email_verification_sent",
    ),
    path("password/reset/", account_views.password_reset, name="account_reset_password"),
    path(
        "password/reset/sent/",
        account_views.password_reset_done,
        name="account_reset_password_done",
    ),
    path(
        "password/reset/done/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[-\w]{1,80})/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    # allauth leads to these where there is nothing else to say.
    path("account/", RedirectView.as_view(pattern_name="home"), name="account_email"),
    path(
        "account/inactive/",
        RedirectView.as_view(pattern_name="account_login"),
        name="account_inactive",
    ),
    path("sign-out/", LogoutView.as_view(next_page="account_login"), name="sign-out"),
    path("invitations/<str:token>/", invitation, name="invitation"),
    path("fit/<str:token>/", shared_fit.shared, name="shared-fit"),
    path("fit/<str:token>/export/", shared_fit.shared_export, name="shared-fit-export"),
    path(
        "fit/<str:token>/documents/<int:row_id>/",
        shared_fit.shared_document,
        name="shared-fit-document",
    ),
    path("outbox/", outbox, name="outbox"),
    path("sandbox/", sandbox_page, name="sandbox"),
    path("workspaces/new/", home.new_workspace, name="new-workspace"),
    path("w/<slug:slug>/", include("connectors.dashboard.urls")),
    path("healthz", healthz, name="healthz"),
    path("healthz/work", healthz_work, name="healthz-work"),
    path("admin/", admin.site.urls),
    path("confirm/", confirm, name="confirm"),
    path("sessions/", SessionsView.as_view(), name="sessions"),
    # allauth asks for these names.
    path("two-factor/", two_factor.TwoFactorView.as_view(), name="mfa_index"),
    path("two-factor/on/", two_factor.TurnOnView.as_view(), name="mfa_activate_totp"),
    path("two-factor/off/", two_factor.TurnOffView.as_view(), name="mfa_deactivate_totp"),
    path("two-factor/codes/", two_factor.CodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "two-factor/codes/new/",
        two_factor.NewCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("two-factor/code/", two_factor.CodeView.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", passkeys.SignInWithPasskeyView.as_view(), name="mfa_login_webauthn"),
    path("passkeys/", passkeys.passkeys, name="mfa_list_webauthn"),
    path("passkeys/add/", passkeys.AddView.as_view(), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/name/", passkeys.rename, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", passkeys.remove, name="mfa_remove_webauthn"),
    path("", include("connectors.consent.urls")),
    path("", include("connectors.webhooks.urls")),
]

handler500 = "config.error_pages.server_error"
