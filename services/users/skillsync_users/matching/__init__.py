"""Who could exchange with whom."""
