"""The one class of refusals, and what the system's refusals are called in French."""

import errno

_SYSTEM = {
    errno.ENOENT: "il n’existe pas",
    errno.ENOTDIR: "son chemin passe par ce qui n’est pas un dossier",
    errno.EISDIR: "c’est un dossier",
    errno.EACCES: "vous n’en avez pas le droit",
    errno.EPERM: "vous n’en avez pas le droit",
    errno.EROFS: "le disque est en lecture seule",
    errno.ENOSPC: "le disque est plein",
    errno.ENAMETOOLONG: "son nom est trop long",
    errno.ELOOP: "ses liens tournent en rond",
    errno.EIO: "le disque est défaillant",
}


class LoadRefused(Exception):
    """This file was not loaded and nothing changed; `str(error)` is a French sentence for the operator."""


def why(error: OSError) -> str:
    """What the system objects to, in words for the operator; its number where they are not known."""
    return _SYSTEM.get(error.errno or 0, f"erreur {error.errno} du système")
