"""What we hold: leads, where they stand, and their history."""
