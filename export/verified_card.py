"""Put measured figures into a bundle's card."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import BundleError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.model_card import CARD_NAME, read_bundle

from .card_page import CARD_PAGE_NAME, card_page
from .verify import Verification
from .verify_denoiser import DenoiserVerification


def store_verification(bundle: Path, verification: Verification | DenoiserVerification) -> None:
    """Add the comparison to card.json and CARD.md; a bundle that cannot be written to stays as it is, which is said."""
    card, _ = read_bundle(bundle)
    metrics = {**card.metrics, "verification": list(verification.rows)}
    card = dataclasses.replace(card, metrics=metrics)
    try:
        page = card_page(card)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # Both files or none: the page is made from free-form parts of the card, which may be damaged.
        raise BundleError(mismatch(bundle / CARD_NAME, "a card that a page can be made from", repr(error))) from None
    try:
        card.write(bundle)
        write_atomically(bundle / CARD_PAGE_NAME, page)
    except OSError as error:
        log(f"note: {bundle}: the card was not updated ({error.strerror})")
