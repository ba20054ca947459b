"""Everything that connects systems: words, transport, providers, flows, engine, services and doors."""
