"""For the test environment: everything works and nothing is made.

Answers about such projects say `"simulated": true` (views/shapes.py).
"""

from partnership.provisioners.base import Done, Driver, Measurement, Spec, State, Step


class SimulatedDriver(Driver):
    def reach(self) -> None:
        pass

    def create(self, spec: Spec, step: Step, state: State) -> Done:
        step("simulate")
        return Done()

    pause = restore = resize = restart = delete = create

    def measure(self, spec: Spec) -> Measurement:
        return Measurement(database_bytes=0, storage_bytes=0)
