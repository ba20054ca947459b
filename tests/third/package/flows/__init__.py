"""Placed as ``connectors/flows``."""
