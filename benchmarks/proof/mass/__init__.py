"""The part of the proof that is about mass cancels and kills."""
