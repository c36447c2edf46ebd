from tests.registers.conftest import bus_stops

__all__ = ["bus_stops"]
