"""What the operator would make of a FalApp, by the operator's own code."""
