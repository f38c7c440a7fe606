"""An app on this machine."""
