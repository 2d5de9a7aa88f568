"""The case: what is known about the cancel of one order, and the pure functions that decide over it."""
