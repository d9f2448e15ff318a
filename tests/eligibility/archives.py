"""Archives in memory."""

import io
import zipfile


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as writer:
        for name, data in members:
            writer.writestr(name, data)
    return archive.getvalue()
