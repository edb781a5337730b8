"""The journey of `skillsync demo`, as any client would make it."""
