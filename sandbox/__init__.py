"""The outside world in a box, for the demo and the tests; production never imports it."""
