"""Figures of usage are long, and Taiwan groups them by three; Django groups none."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
