"""Procurify keeps its books in USD and Zoho Books in CAD: rates are Zoho's own, and it is said."""

from decimal import Decimal

from connectors.models import Document
from tests.engine.conftest import Connected
from tests.engine.drive import run_until_idle, states
from tests.engine.test_marks import target_bills
from tests.sandbox_process import SandboxProcess


def test_a_bill_in_the_sources_base_is_not_posted_at_a_rate_of_one(
    connected: Connected, sandbox: SandboxProcess
) -> None:
    job = connected(plain=True, orders=1, bills=6, zoho_base="CAD")
    assert (job.source.profile["currency_code"], job.target.profile["currency_code"]) == (
        "USD",
        "CAD",
    )
    run_until_idle(job)
    assert states(job) == {"posted": 7}
    rates = {
        (bill["currency_code"], Decimal(str(bill["exchange_rate"])))
        for [bill] in target_bills(sandbox).values()
    }
    assert ("USD", Decimal("1.300000")) in rates, rates
    assert all(rate != 1 for code, rate in rates if code == "USD")
    with job.scope():
        words = Document.objects.filter(currency="USD").values_list("words", flat=True)
        assert all("Procurify's is against USD" in text for text in words)
