"""Keep a set of processes running: health, restarts, ordered drain."""
