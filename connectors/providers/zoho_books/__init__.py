"""Zoho Books, API v3: its regions, consent, client, errors, limits and test.

Enter by ``spec.SPEC``; the flow that uses the client gets it opened.
"""
