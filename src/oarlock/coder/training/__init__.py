"""Training of the coder's weights; needs the extra `train`. Nothing here is loaded at run time."""
