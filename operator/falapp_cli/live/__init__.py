"""What a deployment looks like while it happens."""
