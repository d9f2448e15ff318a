"""What may be ordered, and what was ordered? Catalogue, prices, quota, stock, the life of an order."""
