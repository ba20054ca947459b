"""The test of a Parcelbook connection: real read calls, and what they mean in words."""

from collections.abc import Callable, Iterator
from typing import Any

from connectors.core.errors import ProviderError
from connectors.core.records import Page, Raw
from connectors.transport.provider import Finding, Settings
from tests.third.package.providers.parcelbook.client import ParcelbookClient


def ping(client: ParcelbookClient, settings: Settings) -> list[Finding]:
    """Whether the key opens this house, and what it may read there."""
    try:
        house = client.house()
    except ProviderError as error:
        return [Finding(name="authorised", ok=False, words=str(error))]
    named, own = str(house.get("house")), str(settings["house"])
    words = f"The key opens {house.get('name')}."
    if named != own:
        words = f"The key opens the house {named}, not {own}. Correct one of them."
    return [
        Finding(name="organization", ok=named == own, words=words),
        _readable("contacts", client.contacts),
        _readable("shipments", client.shipments),
    ]


def resolve(client: ParcelbookClient, settings: Settings) -> dict[str, Any]:
    """The profile: name and currency of the house."""
    house = client.house()
    return {
        "name": str(house.get("name") or settings["house"]),
        "currency_code": str(house.get("currency") or ""),
        "web_root": f"https://{settings['house']}.parcelbook.example",
    }


def _readable(what: str, read: Callable[[], Iterator[Page[Raw]]]) -> Finding:
    try:
        next(read(), None)
    except ProviderError as error:
        return Finding(name=what, ok=False, words=f"May not read {what}. {error}")
    return Finding(name=what, ok=True, words=f"May read {what}.")
