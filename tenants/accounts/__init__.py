"""How people come in: signing in, the second factor, sessions, and confirming who they are."""
