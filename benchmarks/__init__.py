"""Measurements by hand: how fast the service is beside a peer or a floor in the same run.

Nothing here is part of the product or of its tests; `README.md` says what each one measures.
"""
