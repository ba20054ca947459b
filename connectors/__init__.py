"""Everything that connects systems: words, transport, providers, flows, engine and the doors."""
