"""The operators' API: the system as it is now, dead letters moved back, an exchange's trail. No content."""
