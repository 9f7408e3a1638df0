"""Instants as in the other languages; figures of usage are long, and Taiwan groups them by three, Django by none."""

DATE_FORMAT = "Y-m-d"
DATETIME_FORMAT = r"Y-m-d H:i \U\T\C"
THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
