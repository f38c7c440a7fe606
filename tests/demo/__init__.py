"""`make demo`: from nothing to a running app, with everything that happens on the way."""
