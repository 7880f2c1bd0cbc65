"""``carnet receipt``: check a receipt, or a certificate of erasure, that somebody holds. Needs neither
stores, settings nor a network."""

import argparse
from pathlib import Path

from consent.receipts import Moved, moved_of
from consent.records27560 import Record
from exporters import instant_in_words
from exporters.receipt_words import WHAT_HAPPENED
from vault.cli.commands import DONE, FAILED, Answer, Commands, UsageError
from vault.services.certificates import CheckedCertificate, check_certificate, is_certificate
from vault.services.receipt_checking import Checked, KeySetError, check_receipt, keys_of

LONGEST = 1_000_000  # bytes of a file worth reading
_COMPARE = "Compare the key with the site's: /.well-known/carnet-receipts, or give it with --keys."


def declare(commands: Commands) -> None:
    commands.add(
        "receipt verify", "check a receipt: offline, without stores nor settings", _verify, _arguments
    )


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the receipt, or the certificate of erasure (compact JWS)"
    )
    parser.add_argument(
        "--keys", type=Path, metavar="JWKS", help="what https://SITE/.well-known/carnet-receipts answers"
    )


def _verify(told: argparse.Namespace) -> Answer:
    keys = None
    if told.keys is not None:
        try:
            keys = keys_of(_read(told.keys))
        except KeySetError as error:
            hint = "fetch it from https://SITE/.well-known/carnet-receipts"
            raise UsageError(f"{told.keys}: {error}", hint) from None
    data = _read(told.file)
    if is_certificate(data):
        return _certificate(check_certificate(data, keys=keys))
    checked = check_receipt(data, keys=keys)
    if not checked.holds:
        lines = ["THIS RECEIPT DOES NOT HOLD", *(f"- {fault}" for fault in checked.faults)]
    else:
        lines = ["the receipt holds: signed, and not changed since", *_summary(checked)]
    return Answer(_document(checked), lines, DONE if checked.holds else FAILED)


def _certificate(checked: CheckedCertificate) -> Answer:
    erased = checked.erased
    if not checked.holds or erased is None:
        lines = ["THIS CERTIFICATE DOES NOT HOLD", *(f"- {fault}" for fault in checked.faults)]
    else:
        lines = [
            "the certificate holds: signed, and not changed since",
            f"forgotten: {erased.field_id} (entry {erased.entry_id}), {erased.versions} version(s)",
            f"when: {instant_in_words(erased.forgotten_at)}",
            f"copies are blind from: {erased.blind_after.isoformat()}",
            f"log entry: {erased.index} of {erased.origin}",
            f"key: {checked.kid}",
            f"sha256: {checked.digest}",
        ]
        if checked.known is None:
            lines.append(_COMPARE)
    document: dict[str, object] = {
        "holds": checked.holds,
        "faults": list(checked.faults),
        "key": checked.kid or None,
        "key_known": checked.known,
        "sha256": checked.digest or None,
        "certificate_id": erased.certificate_id if erased else None,
        "entry_id": erased.entry_id if erased else None,
        "field_id": erased.field_id if erased else None,
        "index": erased.index if erased else None,
        "blind_after": erased.blind_after.isoformat() if erased else None,
    }
    return Answer(document, lines, DONE if checked.holds else FAILED)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise UsageError(f"{path} is not a file", "give the receipt as it was downloaded")
    with path.open("rb") as file:
        return file.read(LONGEST)


def _summary(checked: Checked) -> list[str]:
    record = checked.record
    assert record is not None  # noqa: S101 - what holds was read
    names = {party.id: party.name for party in record.parties}
    processing = record.processing
    told = {
        "what": WHAT_HAPPENED[moved_of(record)],
        "when": instant_in_words(record.events[-1].time),
        "to": ", ".join(names[one] for one in processing.recipients),
        "for": ", ".join(one.label for one in processing.purposes),
        "of": ", ".join(item.label for item in processing.pii),
        "basis": ", ".join(processing.lawful_bases),
        "history": ", ".join(_events(record)),
        "log entry": f"{_entry(record)[1]} of {_entry(record)[0]}",
        "key": checked.kid,
        "sha256": checked.digest,
    }
    lines = [f"{name}: {value}" for name, value in told.items() if value]
    if checked.known is None:
        lines.append(_COMPARE)
    return lines


def _events(record: Record) -> list[str]:
    return [
        f"{Moved(one.type.removeprefix('carnet:')).value} {one.time.date().isoformat()}"
        for one in record.events
    ]


def _entry(record: Record) -> tuple[str, int]:
    entry = record.extra["carnet:entry"]
    return str(entry["carnet:log"]), int(entry["carnet:index"])


def _document(checked: Checked) -> dict[str, object]:
    record = checked.record
    return {
        "holds": checked.holds,
        "faults": list(checked.faults),
        "key": checked.kid or None,
        "key_known": checked.known,
        "sha256": checked.digest or None,
        "record_id": str(record.record_id) if record else None,
        "move": moved_of(record).value if record and checked.holds else None,
    }
