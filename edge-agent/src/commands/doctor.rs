//! `doctor`: looks for what the agent needs and says how to mend what is missing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use edge_config::SensorBroker;
use edge_sensors::own_broker;
use edge_uplink::{Certificate, Tls};
use edge_vision::manifest::Manifest;
use edge_vision::{elements, runtime};

use super::{Exit, load_config};
use crate::cli::DoctorArgs;
use crate::clock::unix_ms;
use crate::links;
use crate::web::assets;

/// What one look found.
enum Finding {
    Good(String),
    /// Works, but not as well as it could.
    Weak {
        what: String,
        mend: String,
    },
    Missing {
        what: String,
        mend: String,
    },
}

const SETUP: &str = "make setup";

/// Prints a line per piece; exit code 1 when one that is needed is missing.
///
/// # Errors
/// When standard output cannot be written.
pub fn doctor(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let (manifest, library, storage, broker, tls) = match &args.config {
        Some(path) => match load_config(path) {
            Ok(config) => (
                config.detector.manifest.clone(),
                config.detector.runtime_library.clone(),
                Some(config.storage.dir.clone()),
                matches!(config.sensor_broker, Some(SensorBroker::Own(_))),
                links::tls(&config),
            ),
            Err(exit) => return Ok(exit),
        },
        None => ("models/models.toml".into(), None, None, false, None),
    };
    let mut findings = vec![onnx_runtime(library.as_deref())];
    findings.extend(media());
    findings.push(model(&manifest));
    findings.push(page());
    findings.extend(storage.as_deref().map(disk));
    findings.extend(broker.then(sensor_broker));
    findings.extend(tls.iter().flat_map(certificates));
    let mut text = String::new();
    let mut missing = 0;
    for finding in &findings {
        match finding {
            Finding::Good(what) => writeln!(text, "ok       {what}")?,
            Finding::Weak { what, mend } => {
                writeln!(text, "warning  {what}\n         mend: {mend}")?
            }
            Finding::Missing { what, mend } => {
                missing += 1;
                writeln!(text, "MISSING  {what}\n         mend: {mend}")?;
            }
        }
    }
    write!(std::io::stdout(), "{text}")?;
    Ok(if missing == 0 { Exit::Ok } else { Exit::Failed })
}

fn onnx_runtime(explicit: Option<&Path>) -> Finding {
    match runtime::locate(explicit).and_then(|path| Ok((runtime::check(&path)?, path))) {
        Ok((version, path)) => {
            Finding::Good(format!("ONNX Runtime {version} at {}", path.display()))
        }
        Err(error) => Finding::Missing {
            what: error.to_string(),
            mend: SETUP.into(),
        },
    }
}

fn media() -> Vec<Finding> {
    match elements::missing() {
        Ok(missing) if missing.is_empty() => {
            vec![Finding::Good("GStreamer and its elements".into())]
        }
        Ok(missing) => missing
            .into_iter()
            .map(|m| Finding::Missing {
                what: format!("GStreamer element {} ({})", m.element, m.purpose),
                mend: format!("apt-get install {}", m.package),
            })
            .collect(),
        Err(error) => vec![Finding::Missing {
            what: error.to_string(),
            mend: SETUP.into(),
        }],
    }
}

fn model(manifest: &Path) -> Finding {
    let look = Manifest::read(manifest).and_then(|m| {
        let spec = m.default_model()?.clone();
        spec.read().map(|(_, sha256)| (spec, sha256))
    });
    match look {
        Ok((spec, sha256)) => Finding::Good(format!("model {} (sha256 {sha256})", spec.name)),
        Err(error) => Finding::Missing {
            what: error.to_string(),
            mend: format!("put the model and a true entry into {}", manifest.display()),
        },
    }
}

fn page() -> Finding {
    if assets::page_is_built_in() {
        Finding::Good("the page is built in".into())
    } else {
        Finding::Weak {
            what: "this binary was built without the page; the API works".into(),
            mend: format!("{SETUP}, then make build"),
        }
    }
}

/// What the box's own broker is.
fn sensor_broker() -> Finding {
    match own_broker::program() {
        Ok(path) => Finding::Good(format!("mosquitto at {}", path.display())),
        Err(what) => {
            let (what, mend) = what.split_once("; what to do: ").unwrap_or((&what, SETUP));
            Finding::Missing {
                what: what.into(),
                mend: mend.into(),
            }
        }
    }
}

fn certificates(tls: &Tls) -> Vec<Finding> {
    let looked = edge_uplink::transport(Some(tls)).and_then(|_| edge_uplink::certificates(tls));
    let found = match looked {
        Ok(found) => found,
        Err(error) => {
            return vec![Finding::Missing {
                what: error.to_string(),
                mend: "see [uplink] in docs/config.md".into(),
            }];
        }
    };
    let now = unix_ms();
    let told = |c: &Certificate| match c.trouble(now) {
        Some(what) => Finding::Weak {
            what,
            mend: "renew it; docs/mqtt.md tells how".into(),
        },
        None => Finding::Good(format!(
            "certificate {} ({}) is good for {} days",
            c.subject,
            c.role.name(),
            c.expires_in_s(now) / 86_400
        )),
    };
    found.iter().map(told).collect()
}

fn disk(dir: &Path) -> Finding {
    let probe = dir.join(".doctor");
    let look = std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, b"ok"));
    match look.and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::Good(format!("storage {} can be written", dir.display())),
        Err(error) => Finding::Missing {
            what: format!("storage {} cannot be written: {error}", dir.display()),
            mend: format!(
                "let the service's user write it: chown -R edge-agent {}",
                dir.display()
            ),
        },
    }
}
