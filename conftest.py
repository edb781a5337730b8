"""What every package's tests share: the fixtures of `testing/`, and its table of proofs."""

pytest_plugins = ["skillsync_testing.plugin", "skillsync_testing.proofs"]
