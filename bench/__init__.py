"""The measured comparisons: `python -m bench --help`."""
