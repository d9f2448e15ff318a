"""The money: payments, deadline, invoices."""
