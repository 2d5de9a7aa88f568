"""The proof: cancels driven against venues that break, and a judge who knows what truly happened."""
