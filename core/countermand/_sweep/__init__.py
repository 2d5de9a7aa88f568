"""One mass cancel, without I/O: what is known of it, what is due, and what is proved."""
