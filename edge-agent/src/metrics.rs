//! Prometheus figures, made on demand from the health report and the hall's view. Keeps no state of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hall_core::observe::Quality;
use hall_core::snapshot::WindowState;
use hall_wire::name::sensor_reason_name;
use hall_wire::observation::quality_name;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use crate::certificate::CertificateInUse;
use crate::hall::HallView;
use crate::supervise::ComponentStatus;
use crate::web::inputs::{CameraState, HealthReport, Overall, UplinkHealth, UplinkMode};

/// Where the figures come from.
#[derive(Clone)]
pub struct MetricsInputs {
    /// State of the box.
    pub health: watch::Receiver<Arc<HealthReport>>,
    /// Present view of the hall.
    pub view: watch::Receiver<HallView>,
    /// Components and their restarts.
    pub components: Arc<Mutex<Vec<ComponentStatus>>>,
    /// The page's certificate; `None`: plain HTTP.
    pub certificate: Option<CertificateInUse>,
}

/// The figures in the Prometheus text form.
#[must_use]
pub fn text(inputs: &MetricsInputs) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures {
        health: inputs.health.borrow().clone(),
        view: inputs.view.borrow().clone(),
        components: inputs
            .components
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
        certificate_ends_unix_s: (inputs.certificate.as_ref())
            .map(|certificate| certificate.ends_unix_ms() as f64 / 1000.0),
    }));
    let mut out = String::new();
    // Writing to a String cannot fail; should an encoder refuse, what was written so far is still true.
    if prometheus_client::encoding::text::encode(&mut out, &registry).is_err() {
        tracing::debug!("Metrics were cut short by their encoder.");
    }
    out
}

struct Figures {
    health: Arc<HealthReport>,
    view: HallView,
    components: Vec<ComponentStatus>,
    certificate_ends_unix_s: Option<f64>,
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Camera {
    camera: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Queue {
    queue: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Sensor {
    sensor: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Trouble {
    sensor: String,
    quality: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Component {
    component: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Mode {
    mode: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Certificate {
    role: &'static str,
    subject: String,
}

/// Writes one family: a name, a help text and a value per label set.
fn family<L: EncodeLabelSet, M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = (L, M)>,
) -> fmt::Result {
    let mut rows = rows.into_iter().peekable();
    let Some((_, first)) = rows.peek() else {
        return Ok(());
    };
    let kind = first.metric_type();
    let mut metric = encoder.encode_descriptor(name, help, None, kind)?;
    for (labels, value) in rows {
        value.encode(metric.encode_family(&labels)?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: f64) -> fmt::Result {
    let value = ConstGauge::new(value);
    value.encode(encoder.encode_descriptor(name, help, None, value.metric_type())?)
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let e = &mut encoder;
        let h = &self.health;
        let overall = match h.overall {
            Overall::Ok => 0.0,
            Overall::Degraded => 1.0,
            Overall::Critical => 2.0,
        };
        gauge(e, "edge_health", "0 ok, 1 degraded, 2 critical", overall)?;
        let cameras = || {
            h.cameras.iter().map(|c| {
                (
                    Camera {
                        camera: c.camera.to_string(),
                    },
                    c,
                )
            })
        };
        let up = |c: CameraState| ConstGauge::new(i64::from(c == CameraState::Up));
        family(
            e,
            "edge_camera_up",
            "1 while pictures arrive",
            cameras().map(|(l, c)| (l, up(c.state))),
        )?;
        family(
            e,
            "edge_camera_fps",
            "Pictures per second that arrive",
            cameras().map(|(l, c)| (l, ConstGauge::new(f64::from(c.fps)))),
        )?;
        family(
            e,
            "edge_camera_last_frame_age_seconds",
            "Age of the newest picture",
            cameras().filter_map(|(l, c)| {
                Some((l, ConstGauge::new(c.last_frame_age_ms? as f64 / 1000.0)))
            }),
        )?;
        family(
            e,
            "edge_frames_analysed",
            "Pictures analysed",
            cameras().map(|(l, c)| (l, ConstCounter::new(c.analysed))),
        )?;
        family(
            e,
            "edge_frames_off_duty",
            "Pictures let go unseen because the camera is off duty",
            cameras().map(|(l, c)| (l, ConstCounter::new(c.off_duty))),
        )?;
        family(
            e,
            "edge_frames_dropped",
            "Pictures passed over because a newer one was there",
            cameras().map(|(l, c)| (l, ConstCounter::new(c.dropped))),
        )?;
        family(
            e,
            "edge_inference_seconds",
            "Typical analysis time of a picture",
            cameras()
                .filter_map(|(l, c)| Some((l, ConstGauge::new(f64::from(c.infer_ms?) / 1000.0)))),
        )?;
        self.hall(e)?;
        self.sensors(e)?;
        gauge(
            e,
            "edge_store_seq",
            "Newest durable record",
            h.store.seq as f64,
        )?;
        gauge(
            e,
            "edge_store_bytes",
            "Bytes of the event log on disk",
            h.store.bytes as f64,
        )?;
        gauge(
            e,
            "edge_store_degraded",
            "1 while events are held in memory",
            f64::from(u8::from(h.store.degraded)),
        )?;
        gauge(
            e,
            "edge_store_lag",
            "Records waiting to become durable",
            h.store.lag as f64,
        )?;
        uplink(e, &h.uplink)?;
        gauge(
            e,
            "edge_clock_synced",
            "1 while the wall clock is believed",
            f64::from(u8::from(h.clock.synced)),
        )?;
        gauge(
            e,
            "edge_clock_offset_seconds",
            "Wall clock against boot-anchored time",
            h.clock.offset_ms as f64 / 1000.0,
        )?;
        if let Some(ends_unix_s) = self.certificate_ends_unix_s {
            gauge(
                e,
                "edge_page_certificate_end_timestamp_seconds",
                "When the page's certificate ends, Unix time",
                ends_unix_s,
            )?;
        }
        family(
            e,
            "edge_component_restarts",
            "Times a component was started again",
            self.components.iter().map(|c| {
                (
                    Component {
                        component: c.name.clone(),
                    },
                    ConstCounter::new(c.restarts),
                )
            }),
        )
    }
}

impl Figures {
    fn hall(&self, e: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let states = [
            (WindowState::Staffed, "staffed"),
            (WindowState::Unstaffed, "unstaffed"),
            (WindowState::Paused, "paused"),
            (WindowState::OffDuty, "off_duty"),
            (WindowState::Unknown, "unknown"),
        ];
        let snapshot = &self.view.snapshot;
        family(
            e,
            "edge_windows",
            "Windows by state",
            states.map(|(state, name)| {
                let n = snapshot.windows.iter().filter(|w| w.state == state).count();
                (State { state: name }, ConstGauge::new(n as i64))
            }),
        )?;
        family(
            e,
            "edge_queue_length",
            "People queuing who have dwelt long enough",
            snapshot.queues.iter().filter_map(|q| {
                Some((
                    Queue {
                        queue: q.queue.to_string(),
                    },
                    ConstGauge::new(i64::from(q.length?)),
                ))
            }),
        )
    }

    /// Ages run up to the hall's latest view, at most a second ago.
    fn sensors(&self, e: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let snapshot = &self.view.snapshot;
        let seconds = |since| snapshot.at.since_ms(since).max(0) as f64 / 1000.0;
        let rows = || {
            snapshot.sensors.iter().map(|s| {
                let sensor = s.sensor.to_string();
                (Sensor { sensor }, s)
            })
        };
        let rank = |quality| match quality {
            Quality::Good => 0_i64,
            Quality::Stale => 1,
            Quality::Suspect => 2,
            Quality::Fault => 3,
        };
        family(
            e,
            "edge_sensor_quality",
            "0 good, 1 stale, 2 suspect, 3 fault",
            rows().map(|(l, s)| (l, ConstGauge::new(rank(s.quality)))),
        )?;
        family(
            e,
            "edge_sensor_trouble_seconds",
            "How long a sensor has not been good, and why",
            rows().filter_map(|(l, s)| {
                let (reason, since) = s.trouble?;
                let labels = Trouble {
                    sensor: l.sensor,
                    quality: quality_name(s.quality),
                    reason: sensor_reason_name(reason),
                };
                Some((labels, ConstGauge::new(seconds(since))))
            }),
        )?;
        family(
            e,
            "edge_sensor_last_reading_age_seconds",
            "Age of a sensor's last reading",
            rows().filter_map(|(l, s)| Some((l, ConstGauge::new(seconds(s.last_seen?))))),
        )?;
        family(
            e,
            "edge_sensor_ons_last_hour",
            "How often a presence or seat sensor went on within the last hour",
            rows().map(|(l, s)| (l, ConstGauge::new(i64::from(s.ons_last_hour)))),
        )
    }
}

fn uplink(e: &mut DescriptorEncoder<'_>, up: &UplinkHealth) -> fmt::Result {
    let modes = [
        (UplinkMode::Disabled, "disabled"),
        (UplinkMode::Offline, "offline"),
        (UplinkMode::CatchUp, "catch_up"),
        (UplinkMode::Live, "live"),
    ];
    family(
        e,
        "edge_uplink_mode",
        "1 for what the uplink does: disabled, offline, catch_up (sends the backlog) or live",
        modes.map(|(mode, name)| {
            let is_so = i64::from(up.mode == mode);
            (Mode { mode: name }, ConstGauge::new(is_so))
        }),
    )?;
    for (name, help, value) in [
        (
            "edge_uplink_live",
            "1 while everything is sent as it happens",
            u64::from(up.mode == UplinkMode::Live),
        ),
        (
            "edge_uplink_acked_seq",
            "Newest record up to which everything has arrived",
            up.acked,
        ),
        (
            "edge_uplink_broker_seq",
            "Newest record up to which the broker has everything",
            up.broker_has,
        ),
        (
            "edge_uplink_backlog",
            "Records not yet acknowledged",
            up.backlog,
        ),
    ] {
        gauge(e, name, help, value as f64)?;
    }
    for (name, help, value) in [
        (
            "edge_uplink_reconnects",
            "Connections after the first",
            up.reconnects,
        ),
        (
            "edge_uplink_oversized",
            "Payloads left out because of their size",
            up.oversized,
        ),
        (
            "edge_uplink_unheard",
            "MQTT 5: records that nobody was subscribed to",
            up.unheard,
        ),
    ] {
        let value = ConstCounter::new(value);
        value.encode(e.encode_descriptor(name, help, None, value.metric_type())?)?;
    }
    family(
        e,
        "edge_uplink_certificate_expiry_seconds",
        "Seconds until a certificate in the configured files expires; negative after",
        up.certificates.iter().map(|c| {
            let labels = Certificate {
                role: c.role,
                subject: c.subject.clone(),
            };
            (labels, ConstGauge::new(c.expires_in_s))
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::inputs::UplinkCertificate;

    #[derive(Debug)]
    struct Uplink(UplinkHealth);

    impl Collector for Uplink {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            uplink(&mut encoder, &self.0)
        }
    }

    #[test]
    fn the_uplink_tells_its_mode_and_when_its_certificates_expire() {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Uplink(UplinkHealth {
            mode: UplinkMode::CatchUp,
            acked: 5,
            broker_has: 8,
            backlog: 4,
            certificates: vec![UplinkCertificate {
                role: "client",
                subject: "CN=b1".into(),
                not_after: "2026-10-01T10:00:00.000+08:00".into(),
                expires_in_s: 864_000,
            }],
            ..UplinkHealth::offline()
        })));
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            "edge_uplink_mode{mode=\"catch_up\"} 1",
            "edge_uplink_mode{mode=\"live\"} 0",
            "edge_uplink_live 0.0",
            "edge_uplink_acked_seq 5.0",
            "edge_uplink_broker_seq 8.0",
            "edge_uplink_backlog 4.0",
            "edge_uplink_unheard_total 0",
            "edge_uplink_certificate_expiry_seconds{role=\"client\",subject=\"CN=b1\"} 864000",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
    }
}
