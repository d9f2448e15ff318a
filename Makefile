# Each command has a plain form for machines without make: python3 -m sandbox demo, …
PYTHON ?= python3

.PHONY: help demo demo-code demo-reset test check fix bench lock

help:
	@$(PYTHON) -m sandbox help

demo:
	@$(PYTHON) -m sandbox demo

demo-code:
	@$(PYTHON) -m sandbox code

demo-reset:
	@$(PYTHON) -m sandbox reset

# make test ARGS="tests/orders -k quota"
test:
	@$(PYTHON) -m sandbox test $(ARGS)

check:
	@$(PYTHON) -m sandbox check

fix:
	@$(PYTHON) -m sandbox fix

bench:
	@$(PYTHON) -m sandbox bench $(ARGS)

lock:
	@$(PYTHON) -m sandbox lock
