"""What requirements are made of, for hypothesis: mostly good, with a grain of something else."""

import string

from hypothesis import strategies as st

_ALNUM = string.ascii_letters + string.digits
NAMES = st.one_of(
    st.sampled_from(["a", "A_b", "zope.interface", "x-1", "torch", "B--c"]),
    st.text(_ALNUM + "-_.", min_size=1, max_size=6),
)
EXTRAS = st.sampled_from(["", "", "[b]", "[b,a]", " [ C_d , e.f ]", "[]", "[a,,b]", "[a"])
VERSIONS = st.sampled_from(["1", "1.0", "2.0rc1", "1!3", "1.0+cu12", "1.*", "1.x", "", "1.zip"])
OPERATORS = st.sampled_from(["==", ">=", "<", "~=", "!=", "===", "=", "=>"])
SPACE = st.sampled_from(["", "", " ", "  ", "\t"])
SPECIFIERS = st.lists(st.tuples(OPERATORS, SPACE, VERSIONS).map("".join), max_size=3).map(",".join)
MARKERS = st.sampled_from(
    [
        *("", "", "; os_name == 'posix'", ' ; python_version<"3.12"', "; extra == 'x'"),
        *(";(os_name=='a' or os_name=='b') and python_version>'3'", "; os_name == 'a\"b'"),
        *("; 'a' in os_name", "; os_name", "; colour == 'red'", ";", "; os_name == 'a;b'"),
    ]
)
PATHS = st.sampled_from(
    [
        *("a.zip", "a-1-py3-none-any.whl", "a-1.whl", "p/a.tar.gz", "x.git", "x.git@v1", "", "a;b"),
        *("x@-x", "a.zip?v=1", "a.zip?token=t&v=1", "x#egg=a", "x#egg=a[b]", "a%20b.zip", "é.zip"),
        *("x#subdirectory=b", "x#subdirectory=../b", f"a.zip#sha256={'0' * 64}", "a.zip#md5=0"),
        *("x@", "a'b", "$(id)", "`id`", "a{b}", "x&egg=?", "a|b"),
    ]
)
SCHEMES = st.sampled_from(
    ["https", "http", "git+https", "HTTPS", "git+http", "ftp", "file", "git+ssh", "hg+https"]
)
HOSTS = st.sampled_from(
    ["h", "h.example", "u:p@h", "TOKEN@h", "h:80", "h:x", "", "[::1]", "u:p/w@h", "[::1", "h:99999"]
)
URLS = st.tuples(SCHEMES, st.just("://"), HOSTS, st.just("/"), PATHS).map("".join)
NAMED = st.tuples(NAMES, EXTRAS, SPACE, SPECIFIERS, MARKERS).map("".join)
DIRECT = st.tuples(
    st.one_of(st.just(""), st.tuples(NAMES, EXTRAS, SPACE, st.just("@"), SPACE).map("".join)),
    URLS,
    MARKERS,
).map("".join)
ODD = st.text(st.sampled_from(list("ab1.-_@#;:/\\'\"`$(){}[]<>=!~, \n\t\0%?&*é")), max_size=12)
REQUIREMENTS = st.one_of(NAMED, DIRECT, NAMED, DIRECT, ODD)
"""One requirement an item, most of them good."""

OPTIONS = st.one_of(
    st.tuples(
        st.sampled_from(["--index-url", "--extra-index-url", "--find-links"]),
        st.sampled_from(["=", " "]),
        URLS,
    ).map("".join),
    st.tuples(st.sampled_from(["-i", "-f"]), st.sampled_from(["", " "]), URLS).map("".join),
    st.tuples(
        st.sampled_from(["--no-binary", "--only-binary"]),
        st.sampled_from(["=", " "]),
        st.sampled_from(["a", "a,B_c", ":all:", ":none:", "a,,b", "", "../x"]),
    ).map("".join),
    st.sampled_from(["--pre", "--no-build-isolation", "--pre=1"]),
)
ITEMS = st.lists(st.one_of(REQUIREMENTS, OPTIONS), max_size=4)
"""The items of a layer."""
