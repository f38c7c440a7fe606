"""A file that hides the package of its name."""
