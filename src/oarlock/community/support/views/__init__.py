"""Pages of posts and replies: parse, check access, act, render."""
