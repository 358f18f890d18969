"""Who did what and when: rows that are written beside each change and never altered."""
