"""The addresses of the service. Joins what the doors offer; holds no view logic of its own."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path

from config.health import healthz, healthz_work
from connectors.dashboard import home
from tenants.accounts import two_factor
from tenants.accounts.confirming import confirm
from tenants.accounts.session_list import SessionsView
from tenants.accounts.sign_in import SignInView

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", SignInView.as_view(), name="account_login"),
    path("sign-out/", LogoutView.as_view(next_page="account_login"), name="sign-out"),
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
    path("", include("connectors.consent.urls")),
    path("", include("connectors.webhooks.urls")),
]

handler500 = "config.error_pages.server_error"
