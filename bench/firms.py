"""Invented firms, one per journey: SIRENs that begin with 000 were never given to anybody."""

HEADER = "siret;raison_sociale;registre;chambre;effectif;adresse;code_postal;commune;code_naf;opt_in;date_maj;etat"
ROW = "{siret};FIRME {number};CCI;CCI Paris;12;{street} RUE DU BANC;75015;PARIS;56.30Z;O;2026-11-01;A"


def key(digits: str) -> str:
    """The digit that makes the Luhn sum of `digits` and itself a multiple of ten."""
    total = 0
    for rank, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if rank % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def siret(number: int) -> str:
    """The SIRET of the only establishment of the n-th invented firm."""
    siren = f"000{number:05d}"
    nic = f"{siren}{key(siren)}0001"
    return nic + key(nic)


def register_file(count: int) -> str:
    """A CCI file in which each firm has twelve employees and may order."""
    rows = [ROW.format(siret=siret(number), number=number, street=number % 200 + 1) for number in range(1, count + 1)]
    return "\n".join([HEADER, *rows, ""])
