"""Spans of the sentences of a reply as peers write: few full stops, emoji, lists, quotes."""

from oarlock.coder.sentences.cutting import LONGEST_QUOTED_LINE, RUN_ON, WINDOW, Span, split

__all__ = ["LONGEST_QUOTED_LINE", "RUN_ON", "WINDOW", "Span", "split"]
