"""The limits of a venue, shared by need: pure, but for the gate at which exchanges wait for their turn."""
