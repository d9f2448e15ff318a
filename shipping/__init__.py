"""The parcels: preparation, labels, tracking, notices."""
