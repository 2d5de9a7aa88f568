"""A venue plugin."""
