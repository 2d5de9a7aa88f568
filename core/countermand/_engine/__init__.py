"""The engine: performs what the plan of a case names, on one event loop, and adds the facts."""
