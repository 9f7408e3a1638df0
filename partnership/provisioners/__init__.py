"""The table of drivers: kind -> class. A new one is one file, one row here and in
`Provisioner.Kind`, and a line in the shared contract test.
"""

from collections.abc import Mapping

from partnership.provisioners.base import Driver
from partnership.provisioners.embedded import EmbeddedDriver
from partnership.provisioners.osb import OsbDriver
from partnership.provisioners.postgres import PostgresDriver
from partnership.provisioners.simulated import SimulatedDriver

DRIVERS: Mapping[str, type[Driver]] = {
    "embedded": EmbeddedDriver,
    "postgres": PostgresDriver,
    "osb": OsbDriver,
    "simulated": SimulatedDriver,
}
