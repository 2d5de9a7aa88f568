"""How fast it is, measured beside its peers."""
