import pytest

from tests.faults import house as houses
from tests.faults.house import House
from tests.lanes.own_servers import own_postgres, own_redis_server


@pytest.fixture(scope="session")
def servers():
    """PostgreSQL and Redis of these tests alone: they are killed."""
    with own_postgres() as postgres, own_redis_server() as redis:
        yield postgres, redis


@pytest.fixture(scope="session")
def house(servers, tmp_path_factory):
    postgres, redis = servers
    folder = tmp_path_factory.mktemp("house")
    made = House(folder, houses.environment(folder, postgres.url, redis.url), postgres, redis)
    made.manage("migrate", "-v", "0")
    made.with_database("fresh", template="postgres")  # for those that want one that nobody has used
    return made


@pytest.fixture(scope="session")
def served(house):
    """Web that all tests share which do not start or stop it, and its worker."""
    with house.serving() as server, house.working() as worker:
        yield server, worker
