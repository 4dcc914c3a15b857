"""What was agreed, and whether values meet it."""
