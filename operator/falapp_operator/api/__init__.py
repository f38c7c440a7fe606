"""The kinds of the API group falapp.dev."""
