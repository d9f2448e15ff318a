"""Is this a person? Proof of work of our own by default, Google's test on request, rate limits."""
