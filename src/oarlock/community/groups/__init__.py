"""Groups by topic, their guidelines, members and moderators."""
