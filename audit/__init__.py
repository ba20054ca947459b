"""Proof: who or what did what to which record, in a chain that cannot be edited quietly."""
