"""The community of the demo: made-up people, groups and threads, loaded through the same doors."""
