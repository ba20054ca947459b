"""Two packages as they would stand in ``connectors``: the provider Parcelbook and a flow to it.

They live here so that they are linted and typed like everything else; the test places them, and
with that their own imports begin with ``connectors.`` instead of this package's name.
"""
