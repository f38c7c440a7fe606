"""The init container of a runner whose app's files are in git."""
