"""An API server of the measurements' own."""

from tests.faults.fixtures import control_plane, faulty, operators

__all__ = ["control_plane", "faulty", "operators"]
