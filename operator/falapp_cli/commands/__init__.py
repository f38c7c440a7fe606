"""The commands: their options and help, and which function does the work."""
