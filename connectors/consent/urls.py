"""Addresses of the way to a provider's consent page and back."""

from django.urls import path

from connectors.consent import oauth

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
