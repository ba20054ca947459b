"""One address per connection: the provider's key and an unguessable token."""

from django.urls import path

from connectors.webhooks.views import receive

urlpatterns = [
    path("webhooks/<slug:provider>/<uuid:token>/", receive, name="webhook"),
]
