import shutil

from tests.cluster import fingerprint


def test_the_form_is_canonical():
    assert fingerprint.of({"a": 1, "b": [2]}) == fingerprint.of({"b": [2], "a": 1})


def test_it_is_pinned():
    """A change here makes every machine rebuild everything: raise VERSION and mean it."""
    assert fingerprint.of({"image": "x", "files": {"a": "b"}}) == "4b9d0bd64c22b824"


def test_other_inputs_give_another():
    assert fingerprint.of({"a": 1}) != fingerprint.of({"a": 2})


def test_a_tree_depends_on_content_and_names_and_not_on_where_it_is(tmp_path):
    one = tmp_path / "one"
    (one / "sub").mkdir(parents=True)
    (one / "sub" / "file").write_text("content")
    shutil.copytree(one, tmp_path / "two")
    assert fingerprint.tree(one) == fingerprint.tree(tmp_path / "two")
    (one / "sub" / "file").write_text("changed")
    assert fingerprint.tree(one) != fingerprint.tree(tmp_path / "two")
    assert list(fingerprint.tree(one)) == ["sub/file"]


def test_a_script_that_cannot_be_executed_any_more_is_another(tmp_path):
    script = tmp_path / "entrypoint"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    before = fingerprint.file(script)
    script.chmod(0o644)
    assert fingerprint.file(script) != before
