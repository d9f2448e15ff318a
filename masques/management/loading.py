"""What the commands that load a file share: their arguments, and what they say in the end.

They stand up here because they bring together those who may order (eligibility) and those who do (accounts).
"""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Protocol, TextIO

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from eligibility.registers.files import STANDARD_INPUT
from eligibility.registers.guards import DROP, FEW_ROWS, MANY_REJECTS, OLDER, SHIFT, WRONG_REGISTER, Objection
from eligibility.registers.operator import operator
from eligibility.registers.progress import watched
from eligibility.registers.refusal import LoadRefused, why
from masques.management.customers import customers

LIFTS = {
    FEW_ROWS: "accepte moins de lignes que le minimum",
    MANY_REJECTS: "accepte plus de rejets que la limite",
    WRONG_REGISTER: "accepte un fichier dont la plupart des lignes nomment un autre registre",
    DROP: "accepte de retirer plus de lignes que la limite",
    SHIFT: "accepte une répartition des effectifs très différente",
    OLDER: "accepte un fichier plus ancien que celui en service",
}
# The connection may have been lost while the load was being confirmed: nobody here knows how that ended.
_WHERE_TO_LOOK = "«\u00a0manage.py registers\u00a0» dit ce qui est en service."


class Report(Protocol):
    """What a load found and did."""

    is_applied: bool
    is_same_file: bool

    @property
    def unlifted(self) -> list[Objection]: ...

    def lines(self) -> Iterator[str]: ...


class LoadCommand(BaseCommand, ABC):
    """Look at a file, and put it into service with --apply."""

    # Pages and forms are checked for those who see them; here that would take longer than some loads.
    requires_system_checks = []
    # The objections that the load may raise, each with the help of the option that lifts it.
    lifts: ClassVar[Mapping[str, str]] = LIFTS

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help=f"fichier à charger, ou {STANDARD_INPUT} pour l’entrée standard")
        parser.add_argument(
            "--apply", action="store_true", help="met le fichier en service\u00a0; sans cela, rien ne change"
        )
        parser.add_argument(
            "--progress", action="store_true", help="montre l’avancement, même si la sortie n’est pas un terminal"
        )
        for name, text in self.lifts.items():
            parser.add_argument(f"--allow-{name}", action="append_const", dest="allowed", const=name, help=text)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with watched(options["progress"]) as progress:
                report = self.load(
                    options,
                    apply=options["apply"],
                    allowed=options["allowed"] or (),
                    by=operator(),
                    customers=customers,
                    progress=progress,
                )
        except LoadRefused as refusal:
            raise CommandError(f"Chargement refusé, rien n’est changé. {refusal}")
        except KeyboardInterrupt:
            raise CommandError(f"Chargement interrompu au clavier. {_WHERE_TO_LOOK}")
        except OperationalError as error:  # stopped, or its disk is full: its own words are all there is to go by
            raise CommandError(
                f"Chargement interrompu par la base de données. {_WHERE_TO_LOOK} Son message\u00a0: {error}"
            )
        except OSError as error:  # the disk, half-way
            raise CommandError(f"Chargement interrompu, rien n’est changé\u00a0: {why(error)}.")
        for line in report.lines():
            self.stdout.write(line)
        if report.unlifted:
            raise CommandError("Chargement refusé, rien n’est changé\u00a0: levez chaque objection par son nom.")
        if report.is_applied:
            self.stdout.write(self.style.SUCCESS(self.done(options)))
        elif not report.is_same_file:
            self.stdout.write("Essai à blanc\u00a0: rien n’est changé. Ajoutez --apply pour mettre en service.")

    @abstractmethod
    def load(self, options: dict[str, Any], **wish: Any) -> Report:
        """Load what the options name; the wishes are those that all loads have."""

    @abstractmethod
    def done(self, options: dict[str, Any]) -> str:
        """Say that it is in service."""


@contextmanager
def rejects_file(path: str | None, *, source: str) -> Iterator[TextIO | None]:
    """Open a file for the rejected rows, if one is wanted; its mark makes spreadsheets read UTF-8.

    A mistyped path must not empty the very file that is to be loaded.
    """
    if not path:
        yield None
        return
    target = Path(path)
    if source != STANDARD_INPUT and target.exists() and Path(source).exists() and target.samefile(source):
        raise LoadRefused(f"Les lignes rejetées ne peuvent pas être écrites dans le fichier à charger\u00a0: {path}.")
    try:
        file = target.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        reason = f"le dossier {target.parent} n’existe pas" if isinstance(error, FileNotFoundError) else why(error)
        raise LoadRefused(f"Les lignes rejetées ne peuvent pas être écrites dans {path}\u00a0: {reason}.")
    with file:
        yield file
