"""Each member's statistics: a read model, fed by the events of finalized exchanges."""
