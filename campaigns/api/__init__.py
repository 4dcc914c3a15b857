"""What every part of the REST API stands on, and the parts that tell of what was agreed."""
