"""Statuses: what others read in them, and what the table of reasons allows."""
