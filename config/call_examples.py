"""What an example of each call sends, by its `operationId`. A text that begins with `$` is read from the environment.

The test holds each body against the reference, and finds a call that takes one and has none here.
"""

from __future__ import annotations

from typing import Any

CHALLENGE = {"state": "$STATE", "code_challenge": "$CODE_CHALLENGE", "code_challenge_method": "S256"}
REQUEST = {"redirect_uri": "$REDIRECT_URI", "response_type": "code", "scope": "user:read", **CHALLENGE}
CLIENT_METADATA = {"client_name": "Bookshelf", "redirect_uris": ["http://127.0.0.1/callback"], "client_type": "public"}
WAIT = {"wait_for_completion": True}
PROJECT = {"project_name": "Shop", "region": "us-east"}

QUERIES: dict[str, dict[str, str]] = {
    "authorize": {"client_id": "$CLIENT_ID", **REQUEST},
    "logout": {"id_token_hint": "$ID_TOKEN"},
    "partner_usage_events": {"date": "$DAY", "metric": "mcp_calls"},
}
FORMS: dict[str, dict[str, str]] = {
    "token": {"grant_type": "client_credentials"},
    "device_authorization": {"client_id": "$CLIENT_ID", "scope": "user:read"},
    "par": REQUEST,
    "introspect": {"token": "$TOKEN"},
    "revoke": {"token": "$TOKEN"},
}
BODIES: dict[str, dict[str, Any]] = {
    "register_client": CLIENT_METADATA,
    "change_registration": CLIENT_METADATA,
    "platform_organization_projects_post": {"name": "Blog"},
    "platform_project_detail_put": {"name": "Journal"},
    "platform_transfer": {"targetOrganizationId": "$TARGET_ORGANIZATION_ID"},
    "platform_upgrade_instance": {"instanceType": "small"},
    "white_label_sync_embedded_project": PROJECT,
    "white_label_pause": WAIT,
    "white_label_restore": WAIT,
    "white_label_restart": WAIT,
    "white_label_upgrade": {"instance_type": "small", **WAIT},
    "projects_rotate_api_key": {"overlap_seconds": 3600},
    "co_branded_connect_user": {"name": "Ada Example", "email": "ada@example.com"},
    "co_branded_sync_project": PROJECT,
    "alerts_alert_list_post": {"metric": "ai_credits", "threshold": "250.5", "period": "month"},
    "alerts_alert_detail_patch": {"is_enabled": False},
    "webhooks_webhook_list_post": {"url": "https://shop.example/hooks", "event_types": ["project.created"]},
    "webhooks_webhook_detail_patch": {"is_enabled": False},
    "webhooks_webhook_replay": {"from": "$FROM", "to": "$TO"},
    "webhooks_webhook_rotate_secret": {"overlap_seconds": 3600},
    "ingest_events": {
        "specversion": "1.0",
        "id": "$EVENT_ID",
        "source": "/shop/eu-1",
        "type": "usage.recorded",
        "subject": "$PROJECT_ID",
        "time": "$TIME",
        "data": {"mcp_calls": 1},
    },
}
