"""What runs beside the app in a runner pod: load it, run setup(), serve, drain."""
