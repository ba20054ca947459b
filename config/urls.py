"""The addresses of the service. Joins what the doors offer; holds no view logic of its own."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.health import healthz, healthz_work
from tenants.staff.confirming import confirm
from tenants.staff.session_list import SessionsView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("healthz", healthz, name="healthz"),
    path("healthz/work", healthz_work, name="healthz-work"),
    path("admin/", admin.site.urls),
    path("confirm/", confirm, name="confirm"),
    path("sessions/", SessionsView.as_view(), name="sessions"),
    path("", include("connectors.dashboard.urls")),
    path("", include("connectors.webhooks.urls")),
]

handler500 = "config.error_pages.server_error"
