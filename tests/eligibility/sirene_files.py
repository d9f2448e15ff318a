"""Stock files of Sirene with the columns of 2026, made of a few rows."""

import csv
import io
from pathlib import Path

_DATA = Path(__file__).resolve().parents[2] / "eligibility" / "data"
SAMPLE = {
    "etablissements": _DATA / "sirene_sample_etablissement.csv",
    "unites_legales": _DATA / "sirene_sample_unite_legale.csv",
}
COLUMNS = {stock: path.read_text("utf-8").partition("\n")[0].split(",") for stock, path in SAMPLE.items()}


def establishment(siret: str, **cells: str) -> dict[str, str]:
    """A row of StockEtablissement by short names: `codePostal="35600"` stands for codePostalEtablissement."""
    plain = {
        "statutDiffusion": "O", "etatAdministratif": "A", "numeroVoie": "7", "typeVoie": "AV",
        "libelleVoie": "DES ARTS", "codePostal": "35600", "libelleCommune": "REDON", "codeCommune": "35236",
        "activitePrincipale": "23.70Z", "trancheEffectifs": "02", "anneeEffectifs": "2024",
    }  # fmt: skip
    row = {f"{name}Etablissement": value for name, value in (plain | cells).items()}
    return {"siren": siret[:9], "nic": siret[9:], "siret": siret, "etablissementSiege": "true"} | row


def unit(siren: str, **cells: str) -> dict[str, str]:
    """A row of StockUniteLegale by short names."""
    plain = {
        "statutDiffusion": "O", "etatAdministratif": "A", "denomination": "ATELIER DES ARTS",
        "categorieJuridique": "5710", "trancheEffectifs": "12", "anneeEffectifs": "2024",
    }  # fmt: skip
    return {"siren": siren} | {f"{name}UniteLegale": value for name, value in (plain | cells).items()}


def text(stock: str, rows: list[dict[str, str]], columns: list[str] | None = None) -> str:
    """The file as INSEE writes it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or COLUMNS[stock], restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def written(tmp_path: Path, stock: str, rows: list[dict[str, str]], name: str = "stock.csv") -> Path:
    path = tmp_path / name
    path.write_text(text(stock, rows), encoding="utf-8")
    return path
