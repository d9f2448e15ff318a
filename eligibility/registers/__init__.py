"""From a chamber's file to a register in service, one drawer a step.

archives → files → layout → columns (or, for odd rows, rows) → staging → diff → losses → guards → swap; `load` calls
them in this order under one lock, `history` knows the way back.
"""
