"""From a chamber's file to a register in service, one drawer a step.

files → layout → rows → staging → diff → guards → swap; `load` calls them in this order under one lock.
"""
