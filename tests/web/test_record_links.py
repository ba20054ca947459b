"""Documents link to both systems: to the simulators' pages in a demo, to the providers' else."""

from types import SimpleNamespace
from typing import Any

from connectors import registry
from connectors.models import Connection
from connectors.pages import document_facts as facts


def _link(provider: str, kind: str, profile: dict[str, str]) -> Any:
    there = Connection(provider=provider, profile=profile)
    return SimpleNamespace(connection=there, target_kind=kind, target_id="77", part="100")


def test_links_lead_to_the_simulators_in_a_demo_only(settings: Any) -> None:
    flow = registry.flow("procurify_to_zoho_books")
    source = Connection(provider="procurify", settings={"subdomain": "millwright"})
    integration = SimpleNamespace(source=source, target=source)
    document: Any = SimpleNamespace(integration=integration, stream="bill", key="3001")
    books = {"web_root": "https://books.zoho.eu/app/601", "organization_id": "601"}
    link = _link("zoho_books", "bill", books)
    settings.SANDBOX_URL = "http://127.0.0.1:9000"
    settings.DEBUG = True
    root = "http://127.0.0.1:9000/records"
    assert facts.source_url(document, flow) == f"{root}/procurify/millwright/bill/3001/"
    assert facts.link_url(link, document, flow) == f"{root}/zoho_books/601/bill/77/"
    # Without a page there, and without a known account, nothing is linked.
    assert facts.link_url(_link("procore", "budget_code", {}), document, flow) == ""
    assert facts.link_url(_link("procore", "commitment", {}), document, flow) == ""
    settings.DEBUG = False
    assert facts.source_url(document, flow) == "", "where Procurify shows a bill is not known"
    assert facts.link_url(link, document, flow) == "https://books.zoho.eu/app/601#/bills/77"
