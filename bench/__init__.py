"""Ratios measured in one run: the order journey beside a lean Django journey, sign-ins, statements, CPU."""
