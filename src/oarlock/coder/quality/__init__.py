"""How good the coder is: against people, between people, across wordings; the model card."""
