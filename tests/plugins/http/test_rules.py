import pytest

from plugins.http.rules import address_allowed, host_allowed, is_expected, without


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "0.0.0.0", "::",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "::ffff:169.254.169.254",
        "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "224.0.0.1", "ff02::1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2001:db8::1", "no address",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_never_reached(address):
    assert not address_allowed(address, "")


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_may_be_reached(address):
    assert address_allowed(address, "")


def test_a_network_of_the_house_is_reached_once_it_is_named_and_nothing_beside_it():
    assert address_allowed("10.20.3.4", "10.20.0.0/16, fd00:1::/48")
    assert address_allowed("::ffff:10.20.3.4", "10.20.0.0/16")
    assert address_allowed("fd00:1::5", "10.20.0.0/16, fd00:1::/48")
    assert not address_allowed("10.21.0.1", "10.20.0.0/16")


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1"])
def test_where_clouds_keep_their_keys_is_not_reached_even_if_everything_is_named(address):
    assert not address_allowed(address, "0.0.0.0/0, ::/0")


@pytest.mark.parametrize(
    ("host", "port", "scheme", "allowed", "expected"),
    [
        ("api.example.org", 443, "https", "api.example.org", True),
        ("api.example.org", 80, "http", "api.example.org", True),
        ("api.example.org", 8443, "https", "api.example.org", False),
        ("api.example.org", 8443, "https", "api.example.org:8443", True),
        ("api.example.org", 443, "https", "api.example.org:8443", False),
        ("a.example.org", 443, "https", "*.example.org", True),
        ("example.org", 443, "https", "*.example.org", False),
        ("evilexample.org", 443, "https", "*.example.org", False),
        ("api.example.org.evil.com", 443, "https", "api.example.org", False),
        ("[fd00::1]", 8443, "https", "a.org, [fd00::1]:8443", True),
        ("[fd00::1]", 443, "https", "[fd00::1]", True),
        ("api.example.org", 443, "https", "", False),
    ],
)
def test_a_host_is_allowed_by_name_and_port(host, port, scheme, allowed, expected):
    assert host_allowed(host, port, scheme, allowed) is expected


def test_statuses_are_named_by_number_or_class():
    assert is_expected(204, None)
    assert not is_expected(404, None)
    assert is_expected(404, [200, 404])
    assert is_expected(404, ["2xx", "4XX"])


def test_a_secret_does_not_stand_in_what_came_back():
    assert without('{"said": "Bearer abcdef", "token": "abcdef"}', ["Bearer abcdef"]) == (
        '{"said": "•••", "token": "•••"}'
    )
