"""The part of the API's reference that no view tells: one table out of those by area."""

from config.introspection_reference import INTROSPECTION_PATHS
from config.openid_reference import OPENID_PATHS
from config.plain_endpoints import PATHS
from config.pushed_request_reference import PUSHED_PATHS
from config.registration_reference import REGISTRATION_PATHS

HAND_WRITTEN_PATHS = {**PATHS, **PUSHED_PATHS, **INTROSPECTION_PATHS, **OPENID_PATHS, **REGISTRATION_PATHS}
