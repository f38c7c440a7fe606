"""From a fal app file to a FalApp."""
