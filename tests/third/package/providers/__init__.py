"""Placed as ``connectors/providers``."""
