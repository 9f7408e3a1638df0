"""Fields that take JSON's own types and no look-alikes: `"true"` is no flag, `1` no name."""

from typing import Annotated, Any, TypedDict

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from oauth_provider.views.call import says
from partnership.paging import DEFAULT_LIMIT, MAX_LIMIT


class PageQuery(TypedDict, total=False):
    """The parameters of every paged list; `paging.py` reads them."""

    limit: Annotated[int, says(minimum=1, maximum=MAX_LIMIT, default=DEFAULT_LIMIT)]
    cursor: Annotated[str, says(description="The `next_cursor` of the page before.")]


class Text(serializers.CharField):
    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


def name_field(**more: Any) -> Text:
    """contract/README.md, rule 9: trimmed, 2 to 100 characters."""
    return Text(min_length=2, max_length=100, **more)


def choice_field() -> Text:
    """A name out of the catalog, which says itself what is allowed."""
    return Text(required=False, allow_null=True, max_length=64)


class SyncBody(serializers.Serializer[Any]):
    project_name = name_field()
    region = choice_field()
    instance_type = choice_field()
    external_id = Text(required=False, allow_null=True, max_length=255, trim_whitespace=False)


class ConnectBody(serializers.Serializer[Any]):
    name = name_field()
    email = serializers.EmailField(max_length=254)


class WaitBody(serializers.Serializer[Any]):
    wait_for_completion = Flag(required=False, allow_null=True)


class UpgradeBody(WaitBody):
    instance_type = choice_field()
    volume_size_gib = Whole(required=False, allow_null=True, min_value=1, max_value=2**31 - 1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("instance_type") is None and attrs.get("volume_size_gib") is None:
            missing = ErrorDetail("give this, volume_size_gib, or both.", "required")
            raise serializers.ValidationError({"instance_type": [missing]})
        return attrs


class RestartBody(WaitBody):
    insforge_oss_version = choice_field()


class RotateBody(serializers.Serializer[Any]):
    overlap_seconds = Whole(required=False, min_value=0, max_value=30 * 86_400, default=86_400)


class CreateBody(serializers.Serializer[Any]):
    name = name_field()
    region = choice_field()
    instance_type = choice_field()


class ChangeBody(serializers.Serializer[Any]):
    name = name_field(required=False)
    customizedDomain = Text(required=False, allow_null=True, allow_blank=True, max_length=253)  # noqa: N815 the contract's
    storageDiskSize = Whole(required=False, min_value=1, max_value=2**31 - 1)  # noqa: N815

    def validate_customizedDomain(self, value: str | None) -> str:  # noqa: N802
        return value or ""


class UpgradeInstanceBody(serializers.Serializer[Any]):
    instanceType = Text(max_length=64)  # noqa: N815


class TransferBody(serializers.Serializer[Any]):
    targetOrganizationId = Text(max_length=64)  # noqa: N815
