//! What the uplink says of itself, in the terms of the health report. Pure.

use edge_config::Config;
use edge_uplink::{Mode, UplinkStatus};
use hall_wire::time::rfc3339_ms;

use crate::health::component;
use crate::web::inputs::{
    ComponentHealth, ComponentState, UplinkCertificate, UplinkHealth, UplinkMode,
};

/// The uplink in figures.
pub fn of(config: &Config, status: &UplinkStatus, now_unix_ms: i64) -> UplinkHealth {
    UplinkHealth {
        mode: match (&config.uplink, status.mode) {
            (None, _) => UplinkMode::Disabled,
            (_, Mode::Offline) => UplinkMode::Offline,
            (_, Mode::CatchUp { .. }) => UplinkMode::CatchUp,
            (_, Mode::Live) => UplinkMode::Live,
        },
        acked: status.acked,
        broker_has: status.broker_has,
        backlog: status.backlog,
        reconnects: status.reconnects,
        oversized: status.oversized,
        unheard: status.unheard,
        certificates: (status.certificates.iter())
            .map(|c| UplinkCertificate {
                role: c.role.name(),
                subject: c.subject.clone(),
                not_after: rfc3339_ms(c.not_after_unix_s * 1000, config.utc_offset_s),
                expires_in_s: c.expires_in_s(now_unix_ms),
            })
            .collect(),
    }
}

/// What an operator should look at: a centre that is not reached, certificates that run out.
pub fn components(
    health: &UplinkHealth,
    status: &UplinkStatus,
    now_unix_ms: i64,
) -> Vec<ComponentHealth> {
    let mut found = Vec::new();
    if health.mode == UplinkMode::Offline {
        let detail = status
            .last_error
            .clone()
            .unwrap_or_else(|| "connecting".into());
        found.push(component("centre", ComponentState::Down, detail));
    }
    let troubles: Vec<String> = (status.certificates.iter())
        .filter_map(|c| c.trouble(now_unix_ms))
        .collect();
    if !troubles.is_empty() {
        found.push(component(
            "certificates",
            ComponentState::Degraded,
            troubles.join("; "),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_uplink::{Certificate, CertificateRole};

    #[test]
    fn a_centre_that_is_away_and_certificates_that_run_out_are_told() {
        let status = UplinkStatus {
            last_error: Some("no answer".into()),
            certificates: vec![Certificate {
                role: CertificateRole::Client,
                file: "b1.pem".into(),
                subject: "CN=b1".into(),
                not_before_unix_s: 0,
                not_after_unix_s: 40 * 86_400,
            }],
            ..UplinkStatus::default()
        };
        let told = |mode, days: i64| {
            let health = UplinkHealth {
                mode,
                ..UplinkHealth::offline()
            };
            components(&health, &status, days * 86_400_000)
                .into_iter()
                .map(|c| (c.name, c.state, c.detail))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(UplinkMode::Live, 9), []);
        let away = told(UplinkMode::Offline, 9);
        assert_eq!(
            away,
            [("centre".into(), ComponentState::Down, "no answer".into())]
        );
        let soon = told(UplinkMode::CatchUp, 11);
        assert_eq!(
            (soon[0].0.as_str(), soon[0].1),
            ("certificates", ComponentState::Degraded)
        );
        assert!(soon[0].2.contains("expires in 29 days"), "{}", soon[0].2);
    }
}
