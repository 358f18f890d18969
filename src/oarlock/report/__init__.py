"""Pages, tables and figures of what the coder found."""
