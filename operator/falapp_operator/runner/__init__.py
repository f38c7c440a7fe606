"""Pure: the objects of a running app, and how its pods fare."""
