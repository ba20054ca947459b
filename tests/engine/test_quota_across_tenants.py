"""Another tenant that types a company's id neither uses up its calls nor pauses them.

The stranger is given working access, which is the most that anybody could have: still its calls
count for itself until a test has shown that the company is its own.
"""

from datetime import UTC, datetime, timedelta

from connectors import registry
from connectors.engine import sessions, tokens
from connectors.engine.job import Job
from connectors.models import Connection, open_sealed, seal
from connectors.services import connections
from connectors.transport.provider import ProviderSpec
from connectors.transport.tokens import NewToken
from tenants.scope import tenant_scope
from tests.engine.conftest import Connected
from tests.people import make_tenant

ACTOR = "user:9 stranger@example.com"
ZOHO = registry.provider("zoho_books")


def subject(connection: Connection, spec: ProviderSpec = ZOHO) -> str:
    """Under which name the governor counts the calls of this connection."""
    with sessions.connect(connection, spec) as client:
        return str(client.api._account.subject)


def stranger_of(job: Job) -> Connection:
    """The same settings, credentials and token in another tenant; nobody has tested it."""
    with job.scope():
        secrets = open_sealed(job.target, "sealed_credentials")
        (token,) = job.target.tokens.all()
        found = open_sealed(token, "sealed_token")
    tenant = make_tenant("stranger")
    with tenant_scope(tenant.pk):
        made = Connection(tenant=tenant, provider="zoho_books", name="theirs")
        made.settings, made.profile = job.target.settings, job.target.profile
        seal(made, "sealed_credentials", secrets)
        made.save()
        until = datetime.now(UTC) + timedelta(minutes=30)
        tokens.store_token(made, NewToken(access_token=found["access_token"], expires_at=until))
    return made


def test_a_tested_connection_shares_the_count_of_its_organisation(connected: Connected) -> None:
    job = connected(plain=True, orders=0, bills=1)
    organisation = job.target.settings["organization_id"]
    assert organisation in subject(job.target)


def test_a_typed_id_is_counted_alone_until_a_test_succeeds(connected: Connected) -> None:
    job = connected(plain=True, orders=0, bills=1)
    stranger = stranger_of(job)
    assert subject(stranger) == f"connection:{stranger.secret_id}"
    findings = connections.ping(stranger, spec=ZOHO, actor=ACTOR)
    assert all(finding.ok for finding in findings), findings
    assert subject(stranger) == subject(job.target)


def test_a_pause_of_the_stranger_is_the_strangers_own(connected: Connected) -> None:
    job = connected(plain=True, orders=0, bills=1)
    stranger = stranger_of(job)
    sessions.governor().pause(subject(stranger), datetime.now(UTC) + timedelta(hours=1))
    findings = connections.ping(job.target, spec=ZOHO, actor=ACTOR)
    assert all(finding.ok for finding in findings), findings


def test_a_refused_test_confirms_nothing(connected: Connected) -> None:
    job = connected(plain=True, orders=0, bills=1)
    stranger = stranger_of(job)
    with tenant_scope(stranger.tenant_id):
        wrong = {"organization_id": "770000000000999"}
        connections.change(
            stranger, spec=ZOHO, settings={**stranger.settings, **wrong}, actor=ACTOR
        )
    findings = connections.ping(stranger, spec=ZOHO, actor=ACTOR)
    assert not all(finding.ok for finding in findings)
    assert subject(stranger) == f"connection:{stranger.secret_id}"


def test_new_credentials_and_another_company_must_be_confirmed_again(connected: Connected) -> None:
    job = connected(plain=True, orders=0, bills=1)
    shared = subject(job.target)
    connections.change(job.target, spec=ZOHO, credentials={"client_secret": "new"}, actor=ACTOR)
    assert subject(job.target) != shared


def test_another_application_and_no_organisation_have_other_marks() -> None:
    """What is confirmed of one application says nothing of another's."""
    one = Connection(provider="zoho_books", settings={"region": "com", "organization_id": "1"})
    marks = {sessions.mark(one, ZOHO, {"client_id": name}) for name in ("ours", "theirs")}
    assert len(marks) == 2
    one.settings["organization_id"] = ""
    assert sessions.mark(one, ZOHO, {"client_id": "ours"}) == ""
