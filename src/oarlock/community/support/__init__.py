"""Posts, replies, reactions, what helped, follows, bookmarks, drafts, search."""
