//! Addresses that lead to this machine or into a private network, however they are written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Names that never stand for a host of the public network (RFC 2606, RFC 6761, RFC 6762, RFC 8375, ICANN's list of private names).
const PRIVATE_SUFFIXES: [&str; 11] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "localdomain",
    "onion",
];

/// Returns whether `url` names a host of the public network, as far as its name or number tells. The number may be written in any form that
/// the URL standard knows: decimal, octal, hexadecimal, an IPv4 address within an IPv6 one.
pub fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_public_ipv4(address),
        Some(Host::Ipv6(address)) => is_public_ipv6(address),
        Some(Host::Domain(name)) => is_public_name(name),
        None => false,
    }
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // A name without a dot is completed by the resolver, with the domain of this machine.
    name.contains('.')
        && !PRIVATE_SUFFIXES.iter().any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

/// Returns whether an address belongs to the public network.
pub(crate) fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_ipv4(address),
        IpAddr::V6(address) => is_public_ipv6(address),
    }
}

/// By the registry of special-purpose addresses (RFC 6890 and its successors).
fn is_public_ipv4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_relay = a == 192 && b == 88 && c == 99;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    !(a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_relay
        || is_benchmark
        // Multicast, reserved, broadcast.
        || a >= 224)
}

fn is_public_ipv6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    let octets = address.octets();
    let within = |first: usize| {
        let mut four = [0; 4];
        for (to, from) in four.iter_mut().zip(octets.iter().skip(first)) {
            *to = *from;
        }
        is_public_ipv4(Ipv4Addr::from(four))
    };
    match (a, b, c) {
        // NAT64 and 6to4 lead to the IPv4 address that they hold.
        (0x64, 0xff9b, 0) => within(12),
        (0x2002, ..) => within(2),
        // Teredo, documentation.
        (0x2001, 0 | 0xdb8, _) => false,
        // All other addresses of the public network begin like this; addresses that stand for IPv4 ones don't.
        _ => match address.to_ipv4_mapped() {
            Some(address) => is_public_ipv4(address),
            None => a & 0xe000 == 0x2000,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_private_networks_are_known_however_they_are_written() {
        for host in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "a.localhost",
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.255.255.254",
            "0.0.0.0",
            "0",
            "0.1.2.3",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2002:a00:1::]",
            "[::ffff:0:127.0.0.1]",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "[fe80::1]",
            "[fc00::1]",
            "[fd12::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[2001:db8::1]",
            "[2001::1]",
            "[::ffff:10.0.0.1]",
            "server",
            "server.",
            "db.internal",
            "nas.local",
            "a.home.arpa",
            "x.lan",
            "x.corp.",
            "１２７.0.0.1",
            "ⓛocalhost",
            "127。0。0。1",
        ] {
            let url = Url::parse(&format!("https://{host}/x"))
                .unwrap_or_else(|error| panic!("{host}: {error}"));
            assert!(!is_public(&url), "{host} is {url}");
        }
        for host in [
            "example.org",
            "example.org.",
            "localhost.example.org",
            "notlocal.org",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "[2606:4700::1]",
            "[64:ff9b::808:808]",
            "[2002:808:808::]",
            "[::ffff:8.8.8.8]",
            "internal.dev",
        ] {
            let url = Url::parse(&format!("https://{host}/x")).unwrap();
            assert!(is_public(&url), "{host} is {url}");
        }
        assert!(!is_public(&Url::parse("file:///x").unwrap()));
    }
}
