"""The shared language: what a carnet may hold, what sharing is for, and the words and bytes everyone uses.

- ``schemas.fields``: the catalogue (Catalogue, Field, Compartment, Preset, Fault).
- ``schemas.purposes``: the frame (Frame, Purpose, Retention).
- ``schemas.typed``: from what a person typed in a form to a value.
- ``schemas.names``, ``schemas.ids``: vocabularies and identifiers.
- ``schemas.canonical``, ``schemas.framing``: one value, one byte string.

The other modules here serve these.
"""
