"""Parcelbook: its token, client, errors, limits, webhooks and test.

Enter by ``spec.SPEC``; the flow that uses the client gets it opened.
"""
