"""The way to a provider's consent page and back."""
