"""The search for secrets where none may be: values that nothing else holds, and all the places."""
