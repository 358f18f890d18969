"""The record of a community: reading it, writing it, and the demo corpus."""
