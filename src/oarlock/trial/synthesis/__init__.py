"""Synthesis of trials: what several studies of one question say together.

`table.read_table` reads a file and `synthesise.synthesise` pools it into a `Synthesis`.
"""
