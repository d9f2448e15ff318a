"""One outbox for e-mail and SMS: rows written in the business transaction, delivered after it."""
