"""`falapp`, also `kubectl falapp`: from a fal app file to a running app, and to a file for Git."""
