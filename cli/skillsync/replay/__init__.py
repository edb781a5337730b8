"""`skillsync replay`: read models built anew by a job of their service, and events sent once more."""
