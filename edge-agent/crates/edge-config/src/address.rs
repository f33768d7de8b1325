//! Network addresses of cameras and brokers. A message about an address never quotes it: it may hold a password.

/// The parts of `scheme://host[:port][/rest]`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// Scheme as written.
    pub scheme: &'a str,
    /// Host without brackets.
    pub host: &'a str,
    /// Port, if written.
    pub port: Option<u16>,
    /// From the first `/` or `?` on.
    pub rest: &'a str,
}

/// Why an address is refused: message and hint.
pub(crate) type Refusal = (String, String);

/// Splits and checks an address whose scheme must be one of `schemes`.
pub(crate) fn parse<'a>(url: &'a str, schemes: &[&str]) -> Result<Address<'a>, Refusal> {
    let example = format!("write {}://host:port", schemes.join(":// or "));
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err((
            "the address holds a space or control character".into(),
            example,
        ));
    }
    let Some((scheme, after)) = url.split_once("://") else {
        return Err(("the address has no scheme".into(), example));
    };
    if !schemes.contains(&scheme) {
        return Err((
            format!("the address must begin with {}://", schemes.join(":// or ")),
            example,
        ));
    }
    if after.contains('@') || names_password(after) {
        return Err((
            "the address holds credentials".into(),
            "take them out; name the user with user and the password with password_file or password_env".into(),
        ));
    }
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let (host, port) = match authority.strip_prefix('[') {
        Some(inner) => match inner.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, port.strip_prefix(':').or(Some("-"))),
            None => {
                return Err((
                    "the address has an opening bracket without a closing one".into(),
                    "write [::1]:554".into(),
                ));
            }
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) if port > 0 => Some(port),
        Some(_) => {
            return Err((
                "the address has no valid port".into(),
                "a port is a number from 1 to 65535".into(),
            ));
        }
    };
    let is_v6 = authority.starts_with('[');
    let valid = if is_v6 {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
    };
    if !valid {
        return Err(("the address has no valid host".into(), example));
    }
    Ok(Address {
        scheme,
        host,
        port,
        rest,
    })
}

/// Cameras of some makers take `user=..&password=..` in the path or query.
fn names_password(after: &str) -> bool {
    let lower = after.to_ascii_lowercase();
    ["password=", "passwd=", "pwd=", "pass="]
        .iter()
        .any(|key| lower.contains(key))
}

/// True for a host that never leaves this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(url: &str, wanted: Result<(&str, Option<u16>, &str), &str>) {
        let got = parse(url, &["rtsp", "rtsps"]);
        match (&got, wanted) {
            (Ok(address), Ok((host, port, rest))) => assert_eq!(
                (address.host, address.port, address.rest),
                (host, port, rest),
                "{url}"
            ),
            (Err((message, hint)), Err(part)) => {
                assert!(message.contains(part), "{url}: {message}");
                assert!(
                    !format!("{message}{hint}").contains("s3cret"),
                    "{url}: quoted in {message} {hint}"
                );
            }
            _ => panic!("{url}: {got:?}"),
        }
    }

    #[test]
    fn addresses_are_split_and_credentials_are_refused_without_being_quoted() {
        check("rtsp://cam/live", Ok(("cam", None, "/live")));
        check(
            "rtsp://10.0.0.1:8554/a?b=c",
            Ok(("10.0.0.1", Some(8554), "/a?b=c")),
        );
        check("rtsp://[::1]:554/x", Ok(("::1", Some(554), "/x")));
        check("rtsp://[::1]", Ok(("::1", None, "")));
        check("rtsp://admin:s3cret@cam/live", Err("credentials"));
        check("rtsp://admin:s3/cret@cam/live", Err("credentials"));
        check(
            "rtsp://cam/user=admin&password=s3cret_channel=1",
            Err("credentials"),
        );
        check("rtsp://cam/live?user=a&pwd=s3cret", Err("credentials"));
        check("rtsp://cam:0/live", Err("port"));
        check("rtsp://cam:s3cret/live", Err("port"));
        check("rtsp://cam:65536", Err("port"));
        check("rtsp://", Err("host"));
        check("rtsp://[::1", Err("bracket"));
        check("rtsp://[s3cret]:1", Err("host"));
        check("http://cam/", Err("must begin with rtsp:// or rtsps://"));
        check("cam/live", Err("no scheme"));
        check("rtsp://ca m/", Err("space"));
    }
}
