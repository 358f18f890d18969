"""What the frame says of each behaviour: prediction, association and, as far as it goes, cause."""
