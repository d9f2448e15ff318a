"""Nothing runs from here: the bench needs the stack that `make bench` boots."""

raise SystemExit("Run it with: make bench (or python3 -m sandbox bench)")
