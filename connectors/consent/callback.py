"""The way back from a provider's consent page, for members and for those who came by a link."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.actors import user as actor_of
from connectors.consent import by_link, oauth
from connectors.core.errors import BadInputError, ConnectorError
from connectors.services import choosing, connections


@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Redeem what the provider sent the person back with, then test the connection."""
    if not request.user.is_authenticated and not request.session.get(oauth.STARTED):
        return redirect_to_login(request.get_full_path())
    try:
        state, verifier = oauth.verified(request)
    except BadInputError as error:
        return render(request, "consent/refused.html", {"words": str(error)}, status=400)
    if state.user == oauth.NOBODY:
        return by_link.finish(request, state, verifier)
    connection, spec = oauth.allowed(request, state.tenant, state.connection)
    actor = actor_of(oauth.person_of(request))
    try:
        connections.complete_consent(
            connection,
            spec=spec,
            redirect_uri=oauth.redirect_uri(),
            query=request.GET.dict(),
            actor=actor,
            verifier=verifier,
        )
    except ConnectorError as error:
        return oauth.arrive(request, connection, f"Not authorised. {error}", fine=False)
    if choosing.is_open(connection, spec):
        return oauth.to_choose(request, connection, spec)
    findings = connections.ping(connection, spec=spec, actor=actor)
    wrong = [finding.words for finding in findings if not finding.ok]
    if wrong:
        return oauth.arrive(request, connection, f"Authorised, but: {' '.join(wrong)}", fine=False)
    return oauth.arrive(request, connection, "Authorised, and everything can be read.", fine=True)
