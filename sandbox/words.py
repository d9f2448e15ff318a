"""Compile the French words of the staff desk's dress: people edit the .po files of `locale/`, Django reads the .mo.

Django's own `compilemessages` needs the system's gettext, which a newcomer's machine and the image lack.
"""

import polib

from sandbox.bootstrap import ROOT


def main() -> None:
    for source in sorted((ROOT / "locale").rglob("*.po")):
        polib.pofile(source).save_as_mofile(str(source.with_suffix(".mo")))


if __name__ == "__main__":
    main()
