"""The example companies that the sandbox can play, by name.

Each is built from a seed and knows its own expected books. They import nothing of the product.
"""

from connectors.sandbox.companies import construction, manufacturing

COMPANIES = {"construction": construction.build, "manufacturing": manufacturing.build}

__all__ = ["COMPANIES"]
