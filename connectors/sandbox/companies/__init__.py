"""The example companies that the sandbox can play, by name.

Each is built from a seed and knows its own expected books. They import nothing of the product.
"""

from collections.abc import Callable

from connectors.sandbox.companies import construction, manufacturing
from connectors.sandbox.companies.company import Company

COMPANIES: dict[str, Callable[..., Company]] = {
    "construction": construction.build,
    "manufacturing": manufacturing.build,
}

__all__ = ["COMPANIES"]
