"""What stands in deploy/ keeps its promises: non-root, read-only, looked after, with settings that exist.

Nothing is built or started here; the machine that runs the tests has neither Docker nor Kubernetes.
"""

import re
import shutil
import subprocess

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from config.serving import KEEP_ALIVE_SECONDS

DEPLOY = settings.ROOT / "deploy"
OWN_IMAGE = f"gatehouse:{settings.VERSION}"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = [
    (path.name, document)
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TAGGED = re.compile(r"[\w./-]+:(?!latest\b)[\w.-]*\d[\w.-]*\Z")


def pods():
    """Name, and the pod's specification, of everything that runs one."""
    return [
        pytest.param(document["spec"]["template"]["spec"], id=name)
        for name, document in MANIFESTS
        if document["kind"] in ("Deployment", "Job")
    ]


def of_kind(kind):
    return [document for _, document in MANIFESTS if document["kind"] == kind]


# The image


def test_the_image_is_as_hadolint_likes_it():
    linter = settings.ROOT / ".venv" / "bin" / "hadolint"
    said = subprocess.run([linter, DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "")


def test_the_image_runs_as_nobody_special_and_is_asked_how_it_is():
    text = (DEPLOY / "Dockerfile").read_text()
    stage = text.rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", stage, re.MULTILINE)
    assert "HEALTHCHECK" in stage
    assert "/readyz" in stage
    assert "--require-hashes --only-binary :all:" in text
    assert "index-url" not in text
    assert all(TAGGED.match(base) for base in re.findall(r"^ARG PYTHON=(\S+)", text, re.MULTILINE))


def test_the_image_gets_what_runs_and_nothing_else():
    copied = set(re.findall(r"^COPY (?!--from)(\S+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    let_in = set(re.findall(r"^!(\S+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE))
    locks = {"requirements.lock", "requirements-tracing.lock"}

    assert let_in - locks == copied - {"${LOCK}"}
    assert {app.partition(".")[0] for app in settings.INSTALLED_APPS if (settings.ROOT / app).is_dir()} <= copied
    assert [name for name in let_in if not (settings.ROOT / name).exists()] == []


# Compose


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_each_service_is_read_only_tagged_and_looked_after(name):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert "no-new-privileges:true" in service["security_opt"]
    assert TAGGED.match(service["image"])
    assert service.get("healthcheck") or service["image"] == OWN_IMAGE  # the image has its own
    if service["image"] == OWN_IMAGE:
        assert (service["user"], service["cap_drop"]) == ("10001:10001", ["ALL"])


def test_only_the_proxy_opens_ports_and_it_alone_is_believed():
    services = COMPOSE["services"]
    proxy = services["proxy"]["networks"]["front"]["ipv4_address"]

    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert services["web"]["environment"]["GATEHOUSE_TRUSTED_PROXIES"] == proxy
    assert COMPOSE["networks"]["back"] == {"internal": True}
    assert [services[name]["networks"] for name in ("postgres", "redis")] == [["back"], ["back"]]


def test_nothing_starts_before_what_it_needs():
    wanted = {name: row["condition"] for name, row in COMPOSE["services"]["web"]["depends_on"].items()}

    assert wanted == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }
    assert COMPOSE["services"]["worker"]["depends_on"] == COMPOSE["services"]["web"]["depends_on"]


# Proxies

PROXIES = {name: (DEPLOY / name).read_text() for name in ("Caddyfile", "nginx.conf")}


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_ends_a_silent_connection_before_we_do(name):
    """Whoever ends one loses the request that is on its way, and a POST is not sent again: the caller gets 502."""
    (seconds,) = re.findall(r"^\s*keepalive(?:_timeout)? (\d+)s\b", PROXIES[name], re.MULTILINE)

    assert int(seconds) < KEEP_ALIVE_SECONDS


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_tells_strangers_no_metrics(name):
    assert re.search(r"^\s*(respond /metrics 404|location = /metrics \{ return 404; \})$", PROXIES[name], re.MULTILINE)


def test_nginx_lets_through_what_we_take():
    (mebibytes,) = re.findall(r"client_max_body_size (\d+)m;", PROXIES["nginx.conf"])

    assert int(mebibytes) * 1024**2 > max(limit for _, limit in settings.BODY_LIMITS_BYTES)


# Kubernetes


@pytest.mark.parametrize("manifest", [pytest.param(row, id=f"{name}-{row['kind']}") for name, row in MANIFESTS])
def test_each_manifest_fits_the_schema_of_its_kind(manifest):
    kubernetes_validate.validate(manifest, "1.37", strict=True)

    assert manifest["metadata"].get("namespace", "gatehouse") == "gatehouse"


@pytest.mark.parametrize("pod", pods())
def test_each_pod_is_held_to_the_restricted_standard(pod):
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["image"] == OWN_IMAGE
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("pod", pods())
def test_no_pod_gets_the_variables_of_a_service(pod):
    """They are called GATEHOUSE_WEB_..., and the start refuses names that nothing reads (GH013)."""
    assert pod["enableServiceLinks"] is False


@pytest.mark.parametrize("pod", pods())
def test_each_volume_of_a_pod_is_mounted_and_each_mount_has_one(pod):
    mounted = {mount["name"] for container in pod["containers"] for mount in container["volumeMounts"]}

    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_web_is_probed_and_a_database_that_is_away_restarts_nothing():
    (web,) = [row for row in of_kind("Deployment") if row["metadata"]["name"] == "gatehouse-web"]
    (container,) = web["spec"]["template"]["spec"]["containers"]
    probes = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}

    assert probes == {"startupProbe": "/livez", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    assert web["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_services_and_budgets_choose_pods_that_there_are():
    apps = {row["spec"]["template"]["metadata"]["labels"]["app"] for row in of_kind("Deployment")}

    assert {row["spec"]["selector"]["app"] for row in of_kind("Service")} <= apps
    assert {row["spec"]["selector"]["matchLabels"]["app"] for row in of_kind("PodDisruptionBudget")} == apps


# systemd


@pytest.mark.processes
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_each_unit_is_one_that_systemd_takes_and_calls_safe(unit, tmp_path):
    analyze = shutil.which("systemd-analyze")
    assert analyze, "systemd-analyze is needed (Debian: systemd)"
    here = tmp_path / unit.name
    # What is started need not be installed on the machine that looks.
    here.write_text(unit.read_text().replace("/opt/gatehouse/.venv/bin/python", "/usr/bin/env"))

    verified = subprocess.run(
        [analyze, "verify", "--man=no", "--recursive-errors=no", here], capture_output=True, text=True, check=False
    )
    judged = subprocess.run(
        [analyze, "security", "--no-pager", "--offline=true", "--threshold=15", here],  # tenths, of 100
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stderr) == (0, "")
    assert judged.returncode == 0, judged.stdout


def test_a_unit_runs_as_its_own_user_and_gives_up_where_a_restart_mends_nothing():
    for unit in UNITS:
        text = unit.read_text()
        assert "\nUser=gatehouse\n" in text
        assert "\nRestartPreventExitStatus=78\n" in text


# Everywhere


def test_each_variable_that_is_given_is_one_that_is_read():
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    given = {name for path in files for name in re.findall(r"\bGATEHOUSE_[A-Z_]*[A-Z]\b", path.read_text())}

    assert given <= settings.VARIABLES


def test_no_file_has_a_secret_in_it():
    example = (DEPLOY / "gatehouse.env.example").read_text()
    (secret,) = of_kind("Secret")

    for name in ("GATEHOUSE_SECRET_KEY", "GATEHOUSE_ENCRYPTION_KEYS", "GATEHOUSE_METRICS_TOKEN"):
        assert f"\n{name}=\n" in example
        assert secret["stringData"][name] == ""
