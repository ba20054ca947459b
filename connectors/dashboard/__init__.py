"""The pages of a workspace, for its members."""
