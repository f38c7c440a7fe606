"""An API server of the tests' own, which they may do anything with."""

from tests.faults.fixtures import control_plane, faulty, operators

__all__ = ["control_plane", "faulty", "operators"]
