"""A flow of the tests' own between two systems that live in this process.

Small enough to be read in one go, and complete: two streams of which one depends on the other,
steps of every sort, a batch, mappings. What it is tried with is the engine, not a provider.
"""
