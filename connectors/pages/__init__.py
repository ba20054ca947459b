"""What the staff's and the members' pages both say of the same thing."""
