"""Procore: its environments, token, client by noun, errors, limits and test.

Enter by ``spec.SPEC``; the flow that uses the client gets it opened.
"""
