"""Pages as staff, member, outsider and nobody see them."""
