"""The Dockerfile of a FalApp: one spelling, its images, and every line that cannot be built."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falapp_operator.environment import dockerfile
from falapp_operator.errors import UserError

PLATFORM = "linux/amd64"
FROM = "FROM base.example/python:3.11\n"


def canonical(text, **args):
    return dockerfile.canonical(text, args or None, PLATFORM)


def complaint(text, **args):
    with pytest.raises(UserError) as caught:
        canonical(text, **args)
    return caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        FROM,
        "ARG TAG=3.11\nFROM base.example/python:${TAG}\nRUN apt-get update",
        "# syntax=docker/dockerfile:1\n# a comment\n" + FROM,
        "# syntax=docker.io/docker/dockerfile:1.7-labs\n" + FROM,
        FROM + "RUN a && \\\n  # why\n\n  b <<<here; echo $((1<<2)); c <file",
        FROM + "from base.example/python:3.11 as tool\nCOPY --from=tool --chown=1:1 /a /b",
        FROM + "COPY --link --from=base.example/uv:1 --chmod=755 /uv /usr/bin/",
        FROM + "ADD https://files.example/model.bin?version=20260101 /model",
        FROM + 'ADD ["https://files.example/a b", "/model"]',
        FROM + "HEALTHCHECK --interval=5s CMD true",
        "FROM --platform=linux/amd64 base.example/python:3.11",
        "FROM --platform=$BUILDPLATFORM base.example/python:3.11",
        "# escape=`\n" + FROM + "RUN a `\n  && b",
        FROM + 'ENV A="x" B=y\nWORKDIR /a\nUSER 1000\nCMD ["x"]\nVOLUME /v\nLABEL a=b',
        FROM + 'RUN python3 -c "x = 1 <<20; y = 1<<2"',
        FROM + "RUN echo ' <<EOF'",
        FROM + "RUN git clone https://${TOKEN}@git.example/x",
    ],
)
def test_what_kaniko_builds_is_accepted_and_its_result_too(text):
    made = canonical(text)
    assert dockerfile.canonical(made.text, made.args, PLATFORM) == made


@pytest.mark.parametrize(
    ("text", "line", "named"),
    [
        (FROM + "RUN --mount=type=cache,target=/x pip install y", 2, "RUN --mount is not done"),
        (FROM + "\n\nRUN \\\n --network=none true", 4, "RUN --network"),
        (FROM + "run --security=insecure true", 2, "RUN --security"),
        (FROM + "RUN <<EOF\necho a\nEOF", 2, "the heredoc <<EOF"),
        (FROM + "RUN cat <<-'EOF' > /a\nEOF", 2, "the heredoc <<-'EOF'"),
        (FROM + "COPY --from=x <<EOF /a\nEOF", 2, "the heredoc"),
        (FROM + "ADD --checksum=sha256:0 https://files.example/a /a", 2, "sha256sum"),
        (FROM + "ADD --keep-git-dir=true https://files.example/a /a", 2, "--keep-git-dir"),
        (FROM + "COPY --from=x --parents a /a", 2, "--parents"),
        (FROM + "COPY --from=x --exclude=b a /a", 2, "--exclude"),
        (FROM + "COPY app.py /app/", 2, "there are none"),
        (FROM + "ADD app.tar /app/", 2, "there are none"),
        (FROM + "ADD https://git.example/x.git#v1 /x", 2, "does not clone"),
        (FROM + "ADD git@git.example:x/y /x", 2, "does not clone"),
        ("FROM --platform=linux/arm64 base.example/python:3.11", 1, "only linux/amd64"),
        (FROM + "ONBUILD RUN true", 2, "ONBUILD"),
        (FROM + "INSTALL numpy", 2, "'INSTALL' is no instruction"),
        (FROM + "RUN a\n && b", 3, "'&&' is no instruction"),
        ("# syntax=evil.example/frontend\n" + FROM, 1, "evil.example"),
        ("RUN true\n" + FROM, 1, "begin with FROM"),
        (FROM + "RUN", 2, "says nothing"),
        (FROM + "RUN pip install git+https://hunter2secret@git.example/x", 2, "a credential"),
        (FROM + "ADD https://user:hunter2secret@files.example/x /x", 2, "a credential"),
        (FROM + "ADD https://u:pw@files.example/x /x", 2, "a credential"),
    ],
)
def test_what_is_not_built_as_it_is_written_is_refused_with_its_line(text, line, named):
    message = complaint(text)
    assert message.startswith(f"spec.image.dockerfile: line {line}: ")
    assert named in message
    assert "hunter2secret" not in message


@pytest.mark.parametrize("text", ["", "# nothing", "ARG A=1"])
def test_without_from_there_is_nothing_to_build(text):
    assert "it has no FROM" in complaint(text)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ({"TAG": "3.11"}, ""),
        ({"OTHER": "1"}, "spec.image.buildArgs.OTHER: the Dockerfile has no ARG"),
        ({"TAG": "a\nb"}, "cannot be seen"),
        ({"TAG": "https://hunter2secret@git.example/x"}, "holds a credential"),
    ],
)
def test_arguments_are_for_args(args, named):
    text = "ARG TAG\nFROM base.example/python:${TAG}"
    if named:
        message = complaint(text, **args)
        assert named in message
        assert "hunter2secret" not in message
    else:
        assert canonical(text, **args).args == args


def test_how_lines_end_makes_no_difference_and_what_they_say_does():
    assert canonical(FROM + "RUN true") == canonical(FROM.replace("\n", "\r\n") + "RUN true\n\n ")
    assert canonical(FROM + "RUN true") != canonical(FROM + "RUN  true")
    assert canonical(FROM).text.endswith("\n")


def test_the_images_that_it_names_are_told_and_its_stages_are_not():
    text = (
        "ARG B=x\nFROM a.example/a:1 AS One\nFROM scratch as two\nFROM $B\n"
        "COPY --from=one /a /a\nCOPY --from=0 /a /a\nCOPY --from=b.example/b /b /b\nFROM two"
    )
    assert dockerfile.images(text) == ("a.example/a:1", "$B", "b.example/b")


@given(st.text(max_size=200))
def test_whatever_is_written_ends_as_an_error_or_as_itself(text):
    made, message = None, ""
    try:
        made = canonical(FROM + text)
    except UserError as error:
        message = error.message
    assert made or message.startswith("spec.image.dockerfile: ")
    assert "\n" not in message
    if made:
        assert made.text == (FROM + text).replace("\r\n", "\n").rstrip() + "\n"
