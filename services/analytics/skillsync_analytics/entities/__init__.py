"""What analytics knows by itself: days, weeks and months; what became of an exchange; what may be shown."""
