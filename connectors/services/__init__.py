"""Use cases that people and webhooks call; each checks its input, acts in short scopes, audits."""
