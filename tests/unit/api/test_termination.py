"""Whatever a container leaves behind, it can be read and sent on."""

import json

import pytest

from falapp_operator.api import termination
from falapp_operator.api.failure import Failure


@pytest.mark.parametrize("text", ["", "no json", "[1]", "null", '"x"', "[" * 4000, '{"a": ' * 2000])
def test_what_is_no_mapping_is_an_empty_one(text):
    assert termination.read(text) == {}


@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": "b"}])
def test_what_is_no_text_is_an_empty_one(value):
    message = termination.read(json.dumps({"message": value}))
    assert termination.word(message, "message") == ""
    assert termination.word(message, "missing") == ""


def test_half_a_surrogate_pair_can_be_shown():
    message = termination.read('{"message": "file \\udcff is not there"}')
    word = termination.word(message, "message")
    assert word == "file ? is not there"
    assert Failure(reason="SetupFailed", message=word).to_object()["message"] == word
