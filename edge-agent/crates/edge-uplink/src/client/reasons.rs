//! Reason codes of MQTT 5 in words for the person who has to mend it. Pure.

/// What a refused login means in both versions.
pub(super) const BAD_LOGIN: &str = "not authorised: check uplink.user, its password and, with a client certificate, what the broker allows its name";

/// A reason code of CONNACK, PUBACK, SUBACK or DISCONNECT, by rumqttc's name for it, in words.
#[must_use]
pub(super) fn sentence(code: &str) -> String {
    let words = match code {
        "BadUserNamePassword" => BAD_LOGIN,
        "NotAuthorized" => {
            "not authorised: the broker's access list or login does not allow it; check uplink.user and the list"
        }
        "Banned" => "this box is banned there; ask the broker's operator",
        "QuotaExceeded" => {
            "quota exceeded: the broker does not take more at present; ask its operator for a larger quota"
        }
        "PacketTooLarge" => {
            "the packet is too large for it; its largest packet must be 32 KiB or more"
        }
        "UseAnotherServer" => {
            "it asks to use another server for now; ask its operator, or change uplink.url"
        }
        "ServerMoved" => "the server has moved; change uplink.url",
        "UnsupportedProtocolVersion" | "RefusedProtocolVersion" => {
            "it does not speak MQTT 5; set uplink.mqtt_version to \"3.1.1\""
        }
        "ClientIdentifierNotValid" | "BadClientId" => {
            "the client id is not valid there; check uplink.client_id"
        }
        "ServerUnavailable" | "ServiceUnavailable" | "ServerBusy" => {
            "it is not available at present"
        }
        "ServerShuttingDown" => "it is shutting down",
        "SessionTakenOver" => {
            "another client connected with the same client id; every box needs its own uplink.client_id"
        }
        "KeepAliveTimeout" => "it heard nothing for one and a half keep-alives",
        "ReceiveMaximumExceeded" => "too many messages were under way for it",
        "MessageRateTooHigh" | "ConnectionRateExceeded" => {
            "too much in too short a time for it; lower uplink.backlog_rate_per_s"
        }
        "AdministrativeAction" => "its operator ended it",
        "RetainNotSupported" => {
            "it keeps no retained messages, which the contract needs; another broker or setting is needed"
        }
        "QoSNotSupported" => {
            "it does not offer QoS 1, which the contract needs; another broker or setting is needed"
        }
        "TopicNameInvalid" | "TopicFilterInvalid" => {
            "it does not take the topic; check uplink.prefix, area, hall and box"
        }
        "PayloadFormatInvalid" => "it does not take the payload's format",
        "WildcardSubscriptionsNotSupported" => "it offers no wildcards in subscriptions",
        _ => return format!("reason {code}"),
    };
    words.into()
}

/// The same with the broker's own words, if it gives any.
pub(super) fn with_details(code: &str, details: Option<&str>) -> String {
    match details {
        Some(details) => format!("{} (it says: {details})", sentence(code)),
        None => sentence(code),
    }
}

/// A broken connection in words; what TLS says gets what to do added.
pub(super) fn connection(error: &str) -> String {
    let hint = [
        (
            "CertificateRequired",
            "the broker wants a client certificate: set uplink.cert_file and uplink.key_file",
        ),
        (
            "CertificateExpired",
            "a certificate has expired: renew it, or set the clock of the machine it is checked on",
        ),
        (
            "Expired",
            "the broker's certificate has expired, or this box's clock is wrong",
        ),
        (
            "NotValidYet",
            "a certificate is not valid yet, or this box's clock is wrong",
        ),
        (
            "UnknownIssuer",
            "the broker's certificate is not signed by an authority in uplink.ca_file",
        ),
        (
            "UnknownCA",
            "the broker does not know the authority of our client certificate",
        ),
        (
            "not valid for name",
            "the broker's certificate is for another name than the host in uplink.url",
        ),
    ]
    .into_iter()
    .find(|(sign, _)| error.contains(sign));
    match hint {
        Some((_, hint)) => format!("{error}; {hint}"),
        None => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_name_what_is_wrong_and_what_to_do() {
        for (code, holds) in [
            ("NotAuthorized", "uplink.user"),
            ("QuotaExceeded", "quota"),
            ("PacketTooLarge", "32 KiB"),
            ("ServerMoved", "uplink.url"),
            ("UnsupportedProtocolVersion", "uplink.mqtt_version"),
            ("SomethingNew", "SomethingNew"),
        ] {
            assert!(sentence(code).contains(holds), "{code}");
        }
        assert!(with_details("QuotaExceeded", Some("1000 a day")).contains("1000 a day"));
        assert!(
            connection("TLS: received fatal alert: CertificateRequired")
                .contains("uplink.cert_file")
        );
        assert_eq!(connection("I/O: refused"), "I/O: refused");
    }
}
