"""What may go, by example and for all registries that there could be."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falapp_operator.retention.plan import Stored, plan
from falapp_operator.retention.use import Use
from tests.unit import samples

NOW, DAY = samples.NOW, timedelta(days=1)
LONG_AGO = NOW - 2 * DAY


def key(digit):
    return f"{digit}" * 64


def image(digit, *parts, digest=""):
    return Stored(tag=f"env-{key(digit)}", digest=digest or f"I{digit}", parts=frozenset(parts))


def record(digit):
    return Stored(tag=f"lock-env-{key(digit)}", digest=f"R{digit}", parts=frozenset({"lock"}))


def layer(digit, part, digest=""):
    tag = f"layer-{key(digit)}"
    return Stored(tag=tag, digest=digest or f"L{digit}", parts=frozenset({part}))


def cached(digit, part):
    tag = f"cache-{'c' * 32}-{key(digit)}"
    return Stored(tag=tag, digest=f"C{digit}", parts=frozenset({part}))


def foreign(tag, *parts, digest="F"):
    return Stored(tag=tag, digest=digest, parts=frozenset(parts))


def named(*digits):
    return Use(environments=frozenset(f"env-{str(d) * 16}" for d in digits))


def gone(stored, use=None, unused=None, after=DAY):
    """Return the digests that go, all tags having been unused for two days."""
    unused = {s.tag: LONG_AGO for s in stored} if unused is None else unused
    made = plan(stored, use or Use(), unused, NOW, after)
    return [d.digest for d in (*made.images, *made.layers)]


A, B = image(1, "base", "torch", "a"), image(2, "base", "torch", "b")
TORCH, ONLY_A, ONLY_B = layer(3, "torch"), layer(4, "a"), layer(5, "b")
ALL = [A, record(1), B, record(2), TORCH, ONLY_A, ONLY_B]


@pytest.mark.parametrize(
    ("stored", "use", "expected"),
    [
        (ALL, named(1, 2), []),
        (ALL, named(2), ["I1", "R1", "L4"]),
        (ALL, Use(), ["I1", "R1", "I2", "R2", "L3", "L4", "L5"]),
        (ALL, Use(digests=frozenset({"I2"})), ["I1", "R1", "L4"]),
        # Somebody builds what is not there yet: its lock comes before its tag.
        ([record(1), *ALL[2:]], named(1, 2), ["L4"]),
        # A runner has a former image of the tag.
        ([*ALL, foreign("", "base", "a", digest="old")], named(2), ["I1", "R1"]),
        # Layers of a Dockerfile go as groups do.
        ([A, cached(6, "a"), cached(7, "former")], named(1), ["C7"]),
        # Somebody else's tag keeps the image that it names, and that of an index of theirs.
        ([A, foreign("prod", "base", "torch", "a", digest="I1"), ONLY_A], Use(), []),
        ([A, foreign("all", "I1"), ONLY_A], Use(), []),
        ([foreign("latest"), foreign("env-x"), foreign(f"layer-{key(1)[:63]}")], Use(), []),
        # Two tags of one manifest stay together.
        ([image(1, "a", digest="I2"), image(2, "a")], named(1), []),
        ([A, layer(4, "a", digest="S"), layer(5, "a", digest="S")], Use(), ["I1", "S"]),
        # What is tagged as both an image and a layer is nothing that we pushed.
        ([image(1, "a", digest="S"), layer(4, "a", digest="S")], Use(), []),
    ],
)
def test_what_goes(stored, use, expected):
    assert gone(stored, use) == expected


def test_time_runs_from_when_it_was_seen_unused_first():
    first = plan(ALL, named(2), {}, NOW, DAY)
    assert first.images == first.layers == ()
    assert first.unused == dict.fromkeys([A.tag, record(1).tag, ONLY_A.tag], NOW)
    assert first.used == 4
    for later, expected in ((DAY - timedelta(seconds=1), []), (DAY, ["I1", "R1", "L4"])):
        made = plan(ALL, named(2), first.unused, NOW + later, DAY)
        assert [d.digest for d in (*made.images, *made.layers)] == expected
        assert made.unused == first.unused


def test_what_is_used_again_begins_anew():
    first = plan(ALL, named(2), {}, NOW, DAY)
    again = plan(ALL, named(1, 2), first.unused, NOW + DAY, DAY)
    assert again.unused == {}
    assert plan(ALL, named(2), again.unused, NOW + 2 * DAY, DAY).images == ()


def test_what_is_gone_is_forgotten_and_a_clock_that_went_back_harms_nobody():
    made = plan([A], Use(), {"env-of-before": LONG_AGO, A.tag: NOW + DAY}, NOW, DAY)
    assert made.unused == {A.tag: NOW}


def test_an_image_that_waits_keeps_its_layers():
    unused = {s.tag: LONG_AGO for s in ALL if s is not A}
    assert gone(ALL, named(2), unused) == ["R1"]


def test_it_remembers_so_many_and_no_more():
    stored = [Stored(tag=f"env-{n:064x}", digest=f"I{n}") for n in range(5003)]
    made = plan(stored, Use(), {stored[-1].tag: LONG_AGO}, NOW, DAY)
    assert len(made.unused) == 5000
    assert [d.digest for d in made.images] == ["I5002"]


DIGITS = st.integers(0, 3)
PARTS = st.frozensets(st.sampled_from(["p0", "p1", "p2", "p3", "I0", "I1"]), max_size=3)
DIGESTS = st.sampled_from([f"{kind}{n}" for kind in "ILX" for n in range(3)])
TAGS = st.one_of(
    st.builds("env-{}".format, DIGITS.map(key)),
    st.builds("lock-env-{}".format, DIGITS.map(key)),
    st.builds("layer-{}".format, DIGITS.map(key)),
    st.builds(f"cache-{'c' * 32}-{{}}".format, DIGITS.map(key)),
    st.sampled_from(["", "latest", "sha256-1.sig"]),
)


@st.composite
def registries(draw):
    """Return what a registry holds: a tag names one manifest, and a manifest has its parts."""
    parts = draw(st.dictionaries(DIGESTS, PARTS))
    tags = draw(st.dictionaries(TAGS, DIGESTS))
    return [Stored(tag=t, digest=d, parts=parts.get(d, frozenset())) for t, d in tags.items()]


USES = st.builds(
    Use,
    environments=st.frozensets(DIGITS.map(lambda n: f"env-{str(n) * 16}")),
    digests=st.frozensets(DIGESTS),
)
SEEN = st.dictionaries(TAGS, st.integers(0, 100).map(lambda hours: NOW - timedelta(hours=hours)))


@given(registries(), USES, SEEN, st.integers(0, 60).map(lambda hours: timedelta(hours=hours)))
def test_nothing_goes_that_is_used_by_anybody(stored, use, unused, after):
    made = plan(stored, use, unused, NOW, after)
    going = {d.digest for d in (*made.images, *made.layers)}
    remaining = [s for s in stored if s.digest not in going]
    assert not going & use.digests
    for each in (s for s in stored if s.digest in going):
        assert each.is_ours
        name = each.tag.removeprefix("lock-")[:20]
        assert name not in use.environments
        assert NOW - min(unused.get(each.tag, NOW), NOW) >= after
    tags = {s.tag for s in stored if s.digest in going}
    assert sorted(tags) == sorted(t for d in (*made.images, *made.layers) for t in d.tags)
    for kept in (s for s in remaining if not s.is_layer):
        for layer_ in (s for s in stored if s.digest in going and s.is_layer):
            assert not layer_.parts & kept.parts


@given(registries(), SEEN)
def test_what_nobody_uses_goes_in_the_end(stored, unused):
    images = {s.digest for s in stored if not s.is_layer}
    ours = [s for s in stored if s.is_ours and not (s.is_layer and s.digest in images)]
    first = plan(ours, Use(), unused, NOW, DAY)
    made = plan(ours, Use(), first.unused, NOW + DAY, DAY)
    assert {d.digest for d in (*made.images, *made.layers)} == {s.digest for s in ours}
