from tests.cluster import trust


def pem(body, comment=""):
    return f"{comment}-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"


def test_line_breaks_and_comments_do_not_matter():
    assert trust.certificates(pem("AAAA\nBBBB", "# My CA\n")) == trust.certificates(pem("AAAABBBB"))


def test_a_distribution_alone_needs_no_bundle(tmp_path):
    own = tmp_path / "own" / "mozilla"
    own.mkdir(parents=True)
    (own / "a.crt").write_text(pem("AAAA"))
    (own / "b.crt").write_text(pem("BBBB"))
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(pem("AAAA"))
    assert trust.bundle(bundle, tmp_path / "own") is None


def test_a_companys_own_authority_is_found(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.crt").write_text(pem("AAAA"))
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(pem("AAAA") + pem("CORP"))
    assert trust.bundle(bundle, own) == bundle
    assert trust.beyond(bundle.read_text(), [pem("AAAA")]) == {"CORP"}


def test_elsewhere_than_on_debian_nothing_is_claimed(tmp_path):
    bundle = tmp_path / "bundle.crt"
    bundle.write_text(pem("CORP"))
    assert trust.bundle(bundle, tmp_path / "missing") is None
    assert trust.bundle(tmp_path / "missing", tmp_path) is None
