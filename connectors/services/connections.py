"""Connecting: create a connection, have a person authorise it, test it, keep its token fresh.

Settings, secrets and a provider's spec enter; a connection with its profile and health leaves.
Knows no provider by name and never returns a secret.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from audit.services import Event, record
from connectors.core.answers import keeping_answers
from connectors.core.errors import (
    BadInputError,
    ConnectorError,
    ErrorFacts,
    ErrorKind,
    ProviderError,
)
from connectors.engine import health, sessions, tokens
from connectors.models import Connection, Health, open_sealed, seal
from connectors.services import identity
from connectors.transport import pkce
from connectors.transport.findings import failed, why
from connectors.transport.provider import Consent, Exchanged, Finding, ProviderSpec
from connectors.transport.wire import shared_wire
from tenants.scope import tenant_scope

SEALED = "sealed_credentials"


def create(
    *,
    tenant_id: int,
    spec: ProviderSpec,
    name: str,
    settings: Mapping[str, Any],
    credentials: Mapping[str, str],
    actor: str,
) -> Connection:
    """Store a new connection; raises BadInputError for settings that cannot be right."""
    connection = Connection(provider=spec.key, name=name.strip(), settings=spec.clean(settings))
    if not connection.name:
        raise BadInputError("The connection needs a name, for example “Zoho Books, Main Street”.")
    seal(connection, SEALED, _clean_credentials(spec, credentials))
    with tenant_scope(tenant_id):
        connection.tenant_id = tenant_id
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError:
            raise BadInputError(f"There is a connection called “{name}” already.") from None
        record(_event("connection.created", connection, actor, settings=connection.settings))
    return connection


def change(
    connection: Connection,
    *,
    spec: ProviderSpec,
    actor: str,
    settings: Mapping[str, Any] | None = None,
    credentials: Mapping[str, str] | None = None,
) -> None:
    """Replace settings, or some credentials (empty ones are kept); the trail has their names.

    Raises BadInputError for another account's settings while documents of this one are kept.
    """
    with tenant_scope(connection.tenant_id):
        row = identity.lock(connection)
        details: dict[str, Any] = {}
        if settings is not None:
            wanted = spec.clean(settings)
            details |= identity.allow(row, spec, wanted)
            row.settings = details["settings"] = wanted
        given = {k: v.strip() for k, v in (credentials or {}).items() if v and v.strip()}
        if given:
            seal(row, SEALED, {**open_sealed(row, SEALED), **given})
            # Names only; under the name "credentials" even these would be taken out.
            details["secrets_replaced"] = sorted(given)
            row.confirmed = ""
        row.health, row.health_words = Health.NEW, ""
        row.save()
        record(_event("connection.changed", row, actor, **details))
        if given:
            tokens.forget_token(row)
    connection.__dict__.update(row.__dict__)


def _clean_credentials(spec: ProviderSpec, credentials: Mapping[str, str]) -> dict[str, str]:
    known = {field.name: field for field in spec.credential_fields}
    given = {name: value.strip() for name, value in credentials.items() if value.strip()}
    missing = [f.label for f in known.values() if f.required and f.name not in given]
    if missing:
        raise BadInputError(f"Missing: {', '.join(missing)}.")
    return given


def authorise_url(
    connection: Connection, *, spec: ProviderSpec, redirect_uri: str, state: str, verifier: str = ""
) -> str:
    """Where a person goes to let us in; whoever comes back must know the ``verifier``."""
    consent = _consent(spec)
    with tenant_scope(connection.tenant_id):
        credentials = open_sealed(connection, SEALED)
    url = consent.authorise_url(
        credentials, connection.settings, redirect_uri, state, django_settings.SANDBOX_URL
    )
    return pkce.with_challenge(url, verifier) if verifier and _proves(spec) else url


def complete_consent(
    connection: Connection,
    *,
    spec: ProviderSpec,
    redirect_uri: str,
    query: Mapping[str, str],
    actor: str,
    verifier: str = "",
) -> None:
    """Redeem what the person came back with, and store the grant before anything else."""
    consent = _consent(spec)
    with tenant_scope(connection.tenant_id):
        credentials = open_sealed(connection, SEALED)
    exchanged = consent.exchange(
        shared_wire(),
        credentials,
        connection.settings,
        redirect_uri,
        query,
        django_settings.SANDBOX_URL,
        verifier if _proves(spec) else "",
    )
    _accept(connection, spec, exchanged, actor)


def paste_code(connection: Connection, *, spec: ProviderSpec, code: str, actor: str) -> None:
    """The same with a code that a person copied from the provider's console."""
    consent = _consent(spec)
    if consent.paste is None:
        raise BadInputError(f"{spec.title} has no codes to paste: use “Authorise” instead.")
    with tenant_scope(connection.tenant_id):
        credentials = open_sealed(connection, SEALED)
    exchanged = consent.paste(
        shared_wire(), credentials, connection.settings, code.strip(), django_settings.SANDBOX_URL
    )
    _accept(connection, spec, exchanged, actor)


def _accept(connection: Connection, spec: ProviderSpec, exchanged: Exchanged, actor: str) -> None:
    """Keep a grant, unless it is for another account than the one that documents are kept of."""
    with tenant_scope(connection.tenant_id):
        row = identity.lock(connection)
        given = {**row.settings, **exchanged.settings}
        fixed = identity.is_fixed(row)
        if fixed:
            identity.allow(row, spec, given)
    if fixed:
        _look_before_it_is_kept(row, spec, exchanged)
    _keep_grant(connection, spec, exchanged, actor)
    learn_profile(connection, spec=spec, actor=actor)


def _look_before_it_is_kept(row: Connection, spec: ProviderSpec, exchanged: Exchanged) -> None:
    """Whoever agreed may see other organisations only: ask with the new token, before the old goes.

    The access that is in use stays as it is when this raises.
    """
    try:
        with sessions.connect_by(row, spec, exchanged.token) as client:
            profile = spec.resolve(client, {**row.settings, **exchanged.settings})
        with tenant_scope(row.tenant_id):
            identity.check_profile(row, spec, profile)
    except ConnectorError as error:
        raise BadInputError(
            f"{error} Nothing was changed: “{row.name}” goes on with the access that it has. To "
            f"use another account of {spec.title}, make a new connection and a new integration."
        ) from None


def learn_profile(connection: Connection, *, spec: ProviderSpec, actor: str) -> bool:
    """Read which organisation or company it is, and choose it where there is only one.

    A setting that the profile answers and nobody has set is taken from it; where several are
    offered the profile lists them and a person chooses. What fails here is shown by the test.
    Returns whether a setting was taken.
    """
    try:
        with sessions.connect(connection, spec) as client:
            profile = spec.resolve(client, connection.settings)
    except ConnectorError as error:
        _store_words(connection, why(error))
        return False
    names = {field.name for field in spec.setting_fields}
    with tenant_scope(connection.tenant_id):
        row = identity.lock(connection)
        if not identity.still_the_same(row, spec, connection.settings):
            return False
        learnt = {
            name: str(value)
            for name, value in profile.items()
            if name in names and value and not row.settings.get(name)
        }
        try:
            identity.check_profile(row, spec, profile)
        except BadInputError as error:
            Connection.objects.filter(pk=row.pk).update(health_words=str(error))
            return False
        details = identity.allow(row, spec, {**row.settings, **learnt}) if learnt else {}
        row.profile = keeping_answers(profile, row.profile)
        row.settings = {**row.settings, **learnt}
        row.save(update_fields=["profile", "settings"])
        if learnt:
            record(_event("connection.changed", row, actor, settings=learnt, **details))
    connection.__dict__.update(row.__dict__)
    return bool(learnt)


def _store_words(connection: Connection, words: str) -> None:
    with tenant_scope(connection.tenant_id):
        Connection.objects.filter(pk=connection.pk).update(health_words=words)


def _consent(spec: ProviderSpec) -> Consent:
    if spec.consent is None:
        raise BadInputError(
            f"{spec.title} connects with a client id and secret; nobody needs to agree."
        )
    return spec.consent


def _proves(spec: ProviderSpec) -> bool:
    """Whether a code challenge is sent: it can be left out for a provider that refuses it."""
    left_out = spec.key in django_settings.OAUTH_WITHOUT_PKCE
    return spec.consent is not None and spec.consent.pkce and not left_out


def _keep_grant(
    connection: Connection, spec: ProviderSpec, exchanged: Exchanged, actor: str
) -> None:
    with tenant_scope(connection.tenant_id):
        row = identity.lock(connection)
        wanted = {**row.settings, **exchanged.settings}
        details = identity.allow(row, spec, wanted)
        row.settings = wanted
        seal(row, SEALED, {**open_sealed(row, SEALED), **exchanged.credentials})
        row.confirmed = ""
        row.health, row.health_words = Health.NEW, "authorised, not tested yet"
        row.save()
        tokens.store_token(row, exchanged.token)
        record(_event("connection.authorised", row, actor, settings=exchanged.settings, **details))
    connection.__dict__.update(row.__dict__)


def ping(connection: Connection, *, spec: ProviderSpec, actor: str) -> list[Finding]:
    """Make real read calls and say in words what they found; sets health and profile.

    Never raises for what a provider says: a failure is a finding. Where nobody has consented on
    the provider's page, this is the first time that we may ask which organisation it is.
    """
    findings, profile = _try(connection, spec)
    unknown = _authorised(findings) and not _organization_known(findings)
    if unknown and learn_profile(connection, spec=spec, actor=actor):
        findings, profile = _try(connection, spec)
    return _store_findings(connection, spec, findings, profile, actor)


def _try(connection: Connection, spec: ProviderSpec) -> tuple[list[Finding], dict[str, Any] | None]:
    """What the provider's test finds, with the profile where everything is fine."""
    findings: list[Finding] = []
    try:
        with sessions.connect(connection, spec) as client:
            findings = spec.ping(client, connection.settings)
            fine = all(finding.ok for finding in findings)
            return findings, spec.resolve(client, connection.settings) if fine else None
    except ProviderError as error:
        if error.kind in health.CONNECTION_KINDS:
            health.stop(connection, error)
        return [*findings, Finding(name="connect", ok=False, words=str(error))], None
    except ConnectorError as error:
        return [*findings, failed("connect", error)], None


def _authorised(findings: list[Finding]) -> bool:
    return any(finding.name == "authorised" and finding.ok for finding in findings)


def _organization_known(findings: list[Finding]) -> bool:
    return not any(finding.name == "organization" and not finding.ok for finding in findings)


def _store_findings(
    connection: Connection,
    spec: ProviderSpec,
    findings: list[Finding],
    profile: dict[str, Any] | None,
    actor: str,
) -> list[Finding]:
    """Note what a test found; returns it with what speaks against the profile, if anything does."""
    with tenant_scope(connection.tenant_id):
        row = identity.lock(connection)
        wrong = _not_ours(row, connection, spec, profile) if profile is not None else ""
        if wrong:
            findings = [*findings, Finding(name="organization", ok=False, words=wrong)]
            profile = None
        words = " ".join(finding.words for finding in findings if not finding.ok)
        if profile is not None:
            row.profile = connection.profile = keeping_answers(profile, row.profile)
            connection.confirmed = sessions.mark(row, spec, open_sealed(row, SEALED))
            Connection.objects.filter(pk=row.pk).update(
                profile=connection.profile, confirmed=connection.confirmed
            )
        elif connection.usable:
            Connection.objects.filter(pk=connection.pk).update(health_words=words)
        record(
            _event(
                "connection.tested",
                connection,
                actor,
                findings=[{"name": f.name, "ok": f.ok, "words": f.words} for f in findings],
            )
        )
    if profile is not None:
        health.recover(connection, "tested: " + " ".join(f.words for f in findings)[:500])
    elif wrong:
        facts = ErrorFacts(kind=ErrorKind.CONFIGURATION, message=wrong, provider=spec.key)
        health.stop(connection, ProviderError(facts))
    return findings


def _not_ours(
    row: Connection, tested: Connection, spec: ProviderSpec, profile: Mapping[str, Any]
) -> str:
    """Why the profile is not about the account of this row; empty where it is."""
    if not identity.still_the_same(row, spec, tested.settings):
        return "Its settings were changed during the test. Test it again."
    try:
        identity.check_profile(row, spec, profile)
    except BadInputError as error:
        return str(error)
    return ""


def keep_token_fresh(tenant_id: int, connection_id: int, spec_of: Any) -> None:
    """Renew the token if it ends soon; a refusal stops the connection."""
    connection = _get(tenant_id, connection_id)
    try:
        sessions.token_source(connection, spec_of(connection.provider)).token()
    except ProviderError as error:
        if error.kind in health.CONNECTION_KINDS:
            health.stop(connection, error)


def probe(tenant_id: int, connection_id: int, spec_of: Any) -> None:
    """Try a suspended connection again: it resumes by itself, or waits longer for the next try."""
    connection = _get(tenant_id, connection_id)
    if connection.health != Health.SUSPENDED:
        return
    ping(connection, spec=spec_of(connection.provider), actor="system:worker")
    if connection.health == Health.SUSPENDED:
        health.postpone(connection)


def _get(tenant_id: int, connection_id: int) -> Connection:
    with tenant_scope(tenant_id):
        return Connection.objects.get(pk=connection_id)


def _event(action: str, connection: Connection, actor: str, **details: Any) -> Event:
    return Event(
        action=action,
        actor=actor,
        target_kind="connection",
        target_id=str(connection.pk),
        target_number=connection.name,
        details={"provider": connection.provider, **details},
    )
