"""The operators' tools: queues, dead letters, outboxes. Their JSON is described in `docs/operators-tools.md`."""
