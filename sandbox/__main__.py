"""`python3 -m sandbox demo` and its sisters: the front door, for a bare Python and nothing else."""

# This page must be readable to any Python 3, so that an old one can say what it lacks.
import sys

if sys.version_info < (3, 11):
    sys.exit(
        "masques-pme needs Python 3.11 or newer; this is "
        + sys.version.split()[0]
        + " ("
        + sys.executable
        + ").\nName a newer one: PYTHON=python3.12 make demo, or: python3.12 -m sandbox demo"
    )

from sandbox import commands

if __name__ == "__main__":
    sys.exit(commands.main(sys.argv[1:]))
