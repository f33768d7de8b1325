//! The page's section: where it listens, who may come in, its certificate.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::address;
use crate::config::{PublicUrl, WebCertificate, WebConfig};
use crate::mistake::{quote, show};
use crate::raw::RawWeb;
use crate::secret::Secret;
use crate::validate::{Check, secret};

/// The page.
pub(super) fn web(raw: &RawWeb, check: &mut Check<'_>) -> WebConfig {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listen = raw.listen.parse::<SocketAddr>().unwrap_or_else(|_| {
        check.mistake(
            "web.listen",
            format!("{} is not an address with a port", quote(&raw.listen)),
            "write \"127.0.0.1:8080\"",
        );
        nowhere
    });
    let networked = !listen.ip().is_loopback();
    if networked && raw.accounts == Some(false) {
        check.mistake(
            "web.accounts",
            format!(
                "{} can be reached from other machines, and without accounts everybody there would see the hall",
                listen.ip()
            ),
            "take the key out, or listen on 127.0.0.1",
        );
    }
    let accounts = networked || raw.accounts == Some(true);
    let certificate = certificate(raw, networked, check);
    WebConfig {
        listen,
        push_listen: push_listen(raw, listen, check),
        accounts,
        public_url: public_url(raw, certificate.is_some(), check),
        certificate,
        monitor_token: monitor_token(raw, accounts, check),
    }
}

fn push_listen(raw: &RawWeb, listen: SocketAddr, check: &mut Check<'_>) -> Option<SocketAddr> {
    let text = raw.push_listen.as_deref()?;
    let address = text.parse::<SocketAddr>().ok();
    if address.is_none() {
        check.mistake(
            "web.push_listen",
            format!("{} is not an address with a port", quote(text)),
            "write the box's own address, for example \"10.0.0.5:8081\"",
        );
    } else if address == Some(listen) && listen.port() != 0 {
        check.mistake(
            "web.push_listen",
            "it is the page's own address",
            "take another port, or leave the key out",
        );
    }
    address
}

fn certificate(raw: &RawWeb, networked: bool, check: &mut Check<'_>) -> Option<WebCertificate> {
    let file = |key: &str, name: &str, check: &mut Check<'_>| -> PathBuf {
        let file = check.resolve(name);
        if !file.is_file() {
            check.mistake(
                format!("web.{key}"),
                format!("there is no file {}", show(&file)),
                "paths are relative to the folder of this file",
            );
        }
        file
    };
    match (&raw.cert_file, &raw.key_file) {
        (None, None) => networked.then_some(WebCertificate::Own),
        (Some(cert), Some(key)) => Some(WebCertificate::Given {
            cert_file: file("cert_file", cert, check),
            key_file: file("key_file", key, check),
        }),
        (given, _) => {
            let (there, lacks) = if given.is_some() {
                ("cert_file", "key_file")
            } else {
                ("key_file", "cert_file")
            };
            check.mistake(
                format!("web.{there}"),
                format!("there is no {lacks} with it"),
                "name both, or neither: then the box makes its own certificate",
            );
            None
        }
    }
}

fn public_url(raw: &RawWeb, tls: bool, check: &mut Check<'_>) -> Option<PublicUrl> {
    let text = raw.public_url.as_deref()?;
    let address = match address::parse(text, &["https"]) {
        Ok(address) => address,
        Err((message, hint)) => {
            check.mistake("web.public_url", message, hint);
            return None;
        }
    };
    if !matches!(address.rest, "" | "/") {
        check.mistake(
            "web.public_url",
            "the address ends after the port",
            "write https://host:port",
        );
    } else if !tls {
        check.mistake(
            "web.public_url",
            "the page is plain HTTP on loopback: nobody reaches it under another address",
            "listen on an address of the network, or name cert_file and key_file",
        );
    }
    Some(PublicUrl {
        url: text.trim_end_matches('/').to_owned(),
        host: address.host.to_owned(),
    })
}

fn monitor_token(raw: &RawWeb, accounts: bool, check: &mut Check<'_>) -> Option<Secret> {
    let file = raw.monitor_token_file.as_deref()?;
    if !accounts {
        check.mistake(
            "web.monitor_token_file",
            "without accounts /health and /metrics are open on loopback, and the token would guard nothing",
            "take the key out, or set accounts = true",
        );
    }
    secret::token_in_file("web.monitor_token_file", file, check)
}
