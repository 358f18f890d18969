"""Which responses help: outcomes, features, estimation, topics and sequences of a corpus."""
