"""Simulators of the providers, served over real HTTP by one process.

Nothing here is imported by the product and nothing of the product is imported here, so that a
misreading in one of our clients is not mirrored in its fake. Start it with
``python -m connectors.sandbox``.
"""
