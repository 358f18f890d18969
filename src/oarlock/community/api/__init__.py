"""The JSON API: what the pages do for members, for a phone app."""
