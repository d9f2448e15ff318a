"""The floor: a bare Django journey with the same requests and provider calls that does the least an order must do.

No e-mail, no outbox, no invoice, no quota beyond one row, no admin, no translations; sessions in the database and a
signed-in user as in the shop. It is what the shop is measured against, not a target to equal.
"""
