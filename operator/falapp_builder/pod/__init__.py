"""What every step of a build pod shares: where things are, what steps hand on, how one fails."""
