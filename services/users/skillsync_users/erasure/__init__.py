"""Leaving: days to change one's mind, then nothing is left of the person in any service."""
