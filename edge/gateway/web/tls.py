"""TLS from a certificate and its key. Standard library only."""

from __future__ import annotations

import ssl
from pathlib import Path

from drsn_keras.errors import DataError, mismatch


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The context of a server; None without a certificate.

    Raises
    ------
    DataError, OSError
        Naming the file.
    """
    if certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for path in (certificate, key):
        with Path(path).open("rb"):  # an error that names the file
            pass
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise DataError(mismatch(certificate, f"a PEM certificate and its key {key}", error)) from None
    return context
