"""Everything that has a page, made once for each test."""

import pytest
from django.core.cache import cache
from django.db import transaction

from tests.words.catalogues import LANGUAGES


@pytest.fixture(params=LANGUAGES)
def language(request):
    return request.param


@pytest.fixture
def in_each(db, language):
    """Walks a way in English and in the language, each time as if for the first time: label -> texts of the page."""

    def walk(way):
        seen = {}
        for speaks in ("en", language):
            cache.clear()
            with transaction.atomic():
                seen[speaks] = way(speaks)
                transaction.set_rollback(True)
        return seen["en"], seen[language]

    return walk
