"""Rows of another table within a form of the admin."""

from __future__ import annotations

from typing import Any

from django import forms


class NamedFields(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Each field has its name, which Django gives to its column alone: not what a screen reader says at the field."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = field.label
