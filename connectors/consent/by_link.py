"""Authorising a connection by a link: for the owner of the account, who has none here.

The link leads to a page that says who asks for what; its button leads to the provider. The session
remembers the link, so that the way back works in this browser only.
"""

import secrets

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from connectors import registry
from connectors.consent import oauth
from connectors.core.errors import ConnectorError
from connectors.services import choosing, connections, consent_links

# The tokens of links under way, by the one-time number of their consent.
_LINKS = "consent_links"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Say who asks for what, and lead to the provider's consent page."""
    connection = consent_links.find(token)
    if connection is None:
        return render(request, "consent/link_over.html", status=404)
    spec = registry.provider(connection.provider)
    problem = ""
    if request.method == "POST":
        nonce = secrets.token_urlsafe(24)
        state = oauth.State(oauth.NOBODY, connection.tenant.pk, connection.pk, nonce)
        try:
            url = oauth.begin(request, connection, spec, state)
        except ConnectorError as error:
            problem = str(error)
        else:
            links = {**request.session.get(_LINKS, {}), nonce: token}
            request.session[_LINKS] = dict(list(links.items())[-oauth.MOST_STARTED :])
            return HttpResponseRedirect(url)
    context = {"connection": connection, "provider": spec.title, "token": token}
    return render(request, "consent/link.html", {**context, "problem": problem})


def finish(request: HttpRequest, state: oauth.State, verifier: str) -> HttpResponse:
    """Redeem what the provider sent the person back with; the link is spent by success alone."""
    token = request.session.get(_LINKS, {}).pop(state.nonce, "")
    request.session.modified = True
    connection = consent_links.find(token)
    if connection is None or connection.pk != state.connection:
        return render(request, "consent/link_over.html", status=404)
    spec = registry.provider(connection.provider)
    context = {"connection": connection, "provider": spec.title, "token": token}
    try:
        connections.complete_consent(
            connection,
            spec=spec,
            redirect_uri=oauth.redirect_uri(),
            query=request.GET.dict(),
            actor=consent_links.ACTOR,
            verifier=verifier,
        )
    except ConnectorError as error:
        return render(request, "consent/link.html", {**context, "problem": str(error)}, status=400)
    consent_links.spend(connection)
    if not choosing.is_open(connection, spec):
        connections.ping(connection, spec=spec, actor=consent_links.ACTOR)
    return render(request, "consent/link_done.html", context)
