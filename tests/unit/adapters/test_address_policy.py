"""Which addresses a server may send us to."""

import pytest

from manyfest.adapters.address_policy import AddressPolicy, Space, literal_space

LITERALS = {
    Space.PUBLIC: ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"],
    Space.PRIVATE: [
        *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "224.0.0.1"),
        *("255.255.255.255", "fd00::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b:1::1"),
        *("2001:db8::1", "167772161", "0xa.1", "1.2.3.4.5", "0x"),
    ],
    Space.LOOPBACK: [
        *("127.0.0.1", "127.9.9.9", "127.0.0.1.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1"),
        *(
            "0.0.0.0",
            "0",
            "0.1.2.3",
            "::1",
            "[::1]",
            "::",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
        ),
        *("::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"),
        "2002:7f00:1::1",
    ],
    Space.LINK_LOCAL: ["169.254.1.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.1.1"],
    Space.METADATA: [
        *("169.254.169.254", "2852039166", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("fd00:ec2::254", "100.100.100.200", "169.254.170.2", "168.63.129.16"),
    ],
    None: ["example.com", "1.example.com", "localhost.example.com", "cafe"],
}


@pytest.mark.parametrize(
    ("host", "space"), [(host, space) for space, hosts in LITERALS.items() for host in hosts]
)
def test_an_address_is_recognised_in_every_form(host, space):
    assert literal_space(host) is space


# By the sender's space, the spaces it may send us to.
PERMITTED = {
    Space.PUBLIC: {Space.PUBLIC},
    Space.PRIVATE: {Space.PUBLIC, Space.PRIVATE},
    Space.LOOPBACK: {Space.PUBLIC, Space.PRIVATE, Space.LOOPBACK},
    Space.LINK_LOCAL: {Space.PUBLIC, Space.LINK_LOCAL},
}


@pytest.mark.parametrize(("sender", "permitted"), PERMITTED.items())
def test_a_server_may_send_us_to_its_own_space_and_the_public_one(sender, permitted):
    policy = AddressPolicy(sender)
    assert {space for space in Space if policy.permits("example.com", space)} == permitted


def test_a_host_that_a_person_allowed_may_be_anywhere():
    policy = AddressPolicy(Space.PUBLIC, frozenset({"storage.example.com"}))
    assert all(policy.permits("Storage.example.com", space) for space in Space)
    assert not policy.permits("storage.example.com.evil.test", Space.LOOPBACK)


@pytest.mark.parametrize(
    ("addresses", "space"),
    [
        (["10.0.0.1"], Space.PRIVATE),
        (["127.0.0.1", "8.8.8.8"], Space.PUBLIC),
        (["::1", "10.0.0.1"], Space.LOOPBACK),
        ([], Space.PUBLIC),
    ],
)
def test_a_sender_with_a_public_address_is_public(addresses, space):
    assert AddressPolicy(None, sender_name="a.test").with_sender_at(addresses).sender is space
