"""Whole runs over real HTTP, and what judges them."""
