"""The one door: every text that a person writes is checked, screened, kept and queued here."""
