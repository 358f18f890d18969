"""People: handles, agreement, age, blocks, preferences, export and erasure."""
