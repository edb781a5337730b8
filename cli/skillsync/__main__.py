"""`python -m skillsync`."""

from skillsync.main import main

main()
