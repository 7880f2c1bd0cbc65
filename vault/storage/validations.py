"""What the référent validated, and what the person says she understood."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, bindparam, insert, select

from schemas.ids import CarnetId
from vault.services.path_rows import ValidationRow
from vault.storage.doors import Changes, Looks
from vault.storage.path_tables import validations

_COLUMNS: tuple[Column[Any], ...] = (
    validations.c.carnet_id,
    validations.c.validation_id,
    validations.c.volet,
    validations.c.kind,
    validations.c.validated_at,
    validations.c.assignment_id,
    validations.c.professional_id,
    validations.c.structure_id,
    validations.c.version_hash,
    validations.c.sealed,
)
_OF_CARNET = (
    select(*_COLUMNS)
    .where(validations.c.carnet_id == bindparam("carnet"))
    .order_by(validations.c.validated_at.desc(), validations.c.validation_id)
)


class ValidationChanges(Changes):
    """Inside one locked transaction."""

    def add_validation(self, row: ValidationRow) -> None:
        self._connection.execute(
            insert(validations),
            {
                "carnet_id": row.carnet_id,
                "validation_id": row.validation_id,
                "volet": row.volet,
                "kind": row.kind,
                "validated_at": row.validated_at,
                "assignment_id": row.assignment_id,
                "professional_id": row.professional_id,
                "structure_id": row.structure_id,
                "version_hash": row.version_hash,
                "sealed": row.sealed,
            },
        )


class ValidationLooks(Looks):
    """Beside it."""

    def validations_of(self, carnet_id: CarnetId) -> Sequence[ValidationRow]:
        """The latest first."""
        with self._database.read() as connection:
            return [ValidationRow(*row) for row in connection.execute(_OF_CARNET, {"carnet": carnet_id})]
