"""Nobody waits for the pace of a provider's limits."""

import pytest

from connectors.providers.procore import limits as procore_limits
from connectors.providers.procurify import limits as procurify_limits
from connectors.providers.zoho_books import limits as zoho_limits


@pytest.fixture(autouse=True)
def unpaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections are made with a provider's own limits here, and nobody waits for their pace."""
    monkeypatch.setattr(zoho_limits, "_PER_MINUTE", 60_000)
    monkeypatch.setattr(procurify_limits, "_PER_MINUTE", 60_000)
    monkeypatch.setattr(procore_limits, "_PER_10_SECONDS", 10_000)
