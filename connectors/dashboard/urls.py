"""Addresses of the people's pages."""

from django.urls import path

from connectors.dashboard import oauth

urlpatterns = [
    path(
        "connections/<int:tenant_id>/<int:connection_id>/authorise/",
        oauth.authorise,
        name="authorise",
    ),
    path(
        "connections/<int:tenant_id>/<int:connection_id>/choose/",
        oauth.choose,
        name="choose",
    ),
    path("oauth/callback/", oauth.callback, name="oauth-callback"),
]
