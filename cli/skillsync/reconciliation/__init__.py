"""`skillsync reconcile`: proves that analytics has counted what the ledger has posted, exchange by exchange."""
