"""The JSON API: what the pages do, for a phone app."""
