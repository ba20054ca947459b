"""The third-integration test: one more provider and flow, added as the guide says."""
