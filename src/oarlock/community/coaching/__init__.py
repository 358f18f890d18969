"""The MI coach beside the reply box, and each supporter's own skills over time."""
