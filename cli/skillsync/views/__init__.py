"""What the commands show of a run."""
