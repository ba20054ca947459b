"""Addresses of the way to a provider's consent page and back."""

from django.urls import path

from connectors.consent import by_link, callback, oauth

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
    path("authorise/<str:token>/", by_link.by_link, name="consent-link"),
    path("oauth/callback/", callback.callback, name="oauth-callback"),
]
