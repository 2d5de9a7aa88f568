"""The wire: HTTP as values over an httpx transport, and the transport of our own."""
