"""The examples of the reference: one for each call, in three languages, that send what the call takes."""

import json
import subprocess

import pytest

from config import call_collection, call_examples
from config.api_reference import document
from config.call_samples import FORM, VARIABLE, operations, sample
from tests.reference import validator

CALLS = {operation["operationId"]: (path, method, operation) for path, method, operation in operations(document())}
TAKING = {name: call for name, call in CALLS.items() if "requestBody" in call[2]}
# What stands for a variable, where not every text would do.
STANDS_FOR = {
    "PROJECT_ID": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
    "TARGET_ORGANIZATION_ID": "4f0a1c52-6c1e-4f6e-9a57-0d9b7a3c1e11",
    "TIME": "2026-01-31T12:00:00Z",
    "FROM": "2026-01-31T12:00:00Z",
    "TO": "2026-01-31T13:00:00Z",
}


def samples(name):
    return {each["label"]: each["source"] for each in CALLS[name][2]["x-codeSamples"]}


def filled(body):
    return json.loads(VARIABLE.sub(lambda found: STANDS_FOR.get(found[1], "x" * 43), json.dumps(body)))


@pytest.mark.parametrize("name", TAKING)
def test_an_example_sends_what_the_call_takes(name):
    content = TAKING[name][2]["requestBody"]["content"]
    form, body = call_examples.FORMS.get(name), call_examples.BODIES.get(name)
    assert form or body, "a call that takes a body: give its example in config/call_examples.py"

    schema = content[FORM if form else next(iter(content))]["schema"]

    assert [fault.message for fault in validator(json.dumps(schema)).iter_errors(filled(form or body))] == []


def test_no_example_is_of_a_call_that_is_not_there():
    assert {*call_examples.FORMS, *call_examples.BODIES} <= set(TAKING)
    assert set(call_examples.QUERIES) <= set(CALLS)


def test_every_example_is_well_formed():
    for name in CALLS:
        compile(samples(name)["Python"], name, "exec")
    lines = "\n".join(samples(name)["curl"] for name in CALLS)
    assert subprocess.run(["bash", "-n"], input=lines, text=True, capture_output=True, check=False).stderr == ""


def test_a_partner_s_call_in_three_languages():
    said = samples("white_label_pause")

    assert said["curl"] == (
        'curl -sS -X POST "$GATEHOUSE/partnership/v1/$PARTNER_ID/$PROJECT_ID/pause" \\\n'
        '  -H "X-Partnership-Secret: $PARTNER_SECRET" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        "  -d '{\"wait_for_completion\": true}'\n"
    )
    assert """f"{env['GATEHOUSE']}/partnership/v1/{env['PARTNER_ID']}/{env['PROJECT_ID']}/pause",""" in said["Python"]
    assert 'json={"wait_for_completion": True},' in said["Python"]
    assert "`${env.GATEHOUSE}/partnership/v1/${env.PARTNER_ID}/${env.PROJECT_ID}/pause`" in said["JavaScript"]
    assert 'body: JSON.stringify({"wait_for_completion": true}),' in said["JavaScript"]


def test_a_form_and_a_client_s_proof():
    said = samples("token")

    assert '-u "$CLIENT_ID:$CLIENT_SECRET"' in said["curl"]
    assert '-d grant_type="client_credentials"' in said["curl"]
    assert 'auth=(env["CLIENT_ID"], env["CLIENT_SECRET"]),' in said["Python"]
    assert '"Basic " + btoa(`${env.CLIENT_ID}:${env.CLIENT_SECRET}`)' in said["JavaScript"]


def test_no_secret_and_no_address_stands_in_an_example():
    for name in CALLS:
        for source in samples(name).values():
            assert "gps_" not in source
            assert "localhost" not in source


def test_the_collection_has_every_call_once_and_a_variable_for_all_it_needs():
    held = call_collection.collection("https://id.example")
    requests = [item["request"] for folder in held["item"] for item in folder["item"]]
    needed = set(call_collection.NEEDED.findall(json.dumps(held["item"])))

    assert len(requests) == len(CALLS)
    assert {each["key"] for each in held["variable"]} >= needed
    assert held["variable"][0] == {"key": "GATEHOUSE", "value": "https://id.example"}


def test_a_sample_of_a_path_with_an_example_has_it():
    path, method, operation = CALLS["protected_resource_at"]
    assert sample(path, method, operation).path == "/.well-known/oauth-protected-resource/projects/v1"
