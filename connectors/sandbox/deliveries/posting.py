"""One HTTP POST of a delivery, bounded in time, never redirected.

A session and a delivery enter; the status leaves, or the reason why there is none.
"""

from __future__ import annotations

import aiohttp

from connectors.sandbox.deliveries.delivery import Delivery
from connectors.sandbox.deliveries.script import Settings


async def post(
    session: aiohttp.ClientSession | None, delivery: Delivery, settings: Settings
) -> tuple[int | None, str]:
    """Send it once."""
    if session is None:
        return None, "The sandbox is stopping."
    try:
        async with session.post(
            delivery.url,
            data=delivery.body,
            headers=delivery.headers,
            timeout=aiohttp.ClientTimeout(total=settings.timeout),
            allow_redirects=False,
        ) as answer:
            await answer.read()
            return answer.status, ""
    except TimeoutError:
        return None, f"No answer within {settings.timeout:g} seconds."
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"
