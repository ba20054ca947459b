"""How requests reach the code: bodies are read without a thread, then threads of ours answer."""
