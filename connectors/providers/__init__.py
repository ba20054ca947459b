"""One package per API. Each knows its provider and nothing of Django, tables or other providers."""
