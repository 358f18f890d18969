"""Questionnaires inside the community: one question a screen, each answer kept at once."""
