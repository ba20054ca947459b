"""What all staff pages share: the site, the base of their lists, forms, and how values look."""
