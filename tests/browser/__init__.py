"""The service in a real browser: a newcomer's way from signing up to a posted document."""
