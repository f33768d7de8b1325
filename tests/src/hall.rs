//! A hall for one test: a `hall.toml` in a temporary folder, made from the demo hall or from nothing, with real addresses put in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

use crate::agent::workspace;
use crate::broker::Broker;
use crate::port::free_port;
use crate::site::Site;

/// A hall's configuration and folder. The folder goes with it.
pub struct Hall {
    folder: TempDir,
    config: DocumentMut,
    port: u16,
    environment: Vec<(String, String)>,
}

impl Hall {
    /// The demo hall (`hall-config/demo/hall.toml`), its store in a folder of its own and its page on a free port.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn demo() -> Result<Hall> {
        let path = workspace().join("hall-config/demo/hall.toml");
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Hall::from_text(&text)
    }

    /// A hall whose windows `W1`…`Wn` have no camera, only a presence sensor each on `zigbee2mqtt/W1`…, with thresholds of a few
    /// seconds: many events from little work.
    ///
    /// # Errors
    /// When no port is free.
    pub fn of_sensors(windows: usize) -> Result<Hall> {
        let mut hall = Hall::from_text(SENSOR_HALL)?;
        let (mut posts, mut sensors) = (ArrayOfTables::new(), ArrayOfTables::new());
        for n in 1..=windows {
            let id = format!("W{n}");
            let mut post = Table::new();
            post["id"] = value(&id);
            let mut name = toml_edit::InlineTable::new();
            name.insert("zh", format!("窗口{n}").into());
            name.insert("en", format!("Window {n}").into());
            post["name"] = value(name);
            posts.push(post);
            let mut sensor = Table::new();
            sensor["id"] = value(format!("{id}-radar"));
            sensor["window"] = value(&id);
            sensor["kind"] = value("presence");
            sensor["type"] = value("zigbee2mqtt");
            sensor["topic"] = value(format!("zigbee2mqtt/{id}"));
            sensors.push(sensor);
        }
        hall.config["windows"] = Item::ArrayOfTables(posts);
        hall.config["sensors"] = Item::ArrayOfTables(sensors);
        Ok(hall)
    }

    fn from_text(text: &str) -> Result<Hall> {
        let mut hall = Hall {
            folder: tempfile::tempdir()?,
            config: text.parse().context("hall.toml")?,
            port: 0,
            environment: Vec::new(),
        };
        hall.listen(free_port()?);
        let store = hall.folder().join("store");
        hall.store(&store);
        Ok(hall)
    }

    /// Page and API on this port of 127.0.0.1.
    pub fn listen(&mut self, port: u16) {
        self.port = port;
        self.set("web", "listen", format!("127.0.0.1:{port}"));
    }

    /// Events are kept in this folder.
    pub fn store(&mut self, folder: &Path) {
        self.set("storage", "dir", folder.display().to_string());
    }

    /// Address of a camera.
    pub fn camera(&mut self, id: &str, url: &str) {
        self.with_entry("cameras", id, |camera| camera["url"] = value(url));
    }

    /// Any other key of a camera.
    pub fn camera_key(&mut self, id: &str, key: &str, to: impl Into<Value>) {
        self.with_entry("cameras", id, |camera| camera[key] = value(to));
    }

    /// One broker for sensors and uplink.
    pub fn broker(&mut self, url: &str) {
        self.set("sensor_broker", "url", url);
        self.set("uplink", "url", url);
    }

    /// A threshold.
    pub fn rule(&mut self, key: &str, to: impl Into<Value>) {
        self.set("rules", key, to);
    }

    /// A threshold as it stands.
    #[must_use]
    pub fn rule_value(&self, key: &str) -> Option<f64> {
        let item = self.config.get("rules")?.get(key)?;
        item.as_float()
            .or_else(|| item.as_integer().map(|i| i as f64))
    }

    /// Any key of a table.
    pub fn set(&mut self, table: &str, key: &str, to: impl Into<Value>) {
        self.config[table].or_insert(toml_edit::table())[key] = value(to);
    }

    /// Takes a window and its sensors out.
    pub fn remove_window(&mut self, id: &str) {
        for (list, key) in [("windows", "id"), ("sensors", "window")] {
            if let Some(entries) = self.config[list].as_array_of_tables_mut() {
                entries.retain(|entry| entry[key].as_str() != Some(id));
            }
        }
    }

    /// Stands at this place, with a login of its own at a broker as documented.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn stand_at(&mut self, place: &str, site: &Site, broker: &Broker) -> Result<()> {
        let levels: Vec<&str> = place.split('/').collect();
        let [area @ .., hall, box_id] = &levels[..] else {
            bail!("{place} is no place of a box");
        };
        self.set(
            "hall",
            "area",
            area.iter().copied().collect::<toml_edit::Array>(),
        );
        self.set("hall", "id", *hall);
        self.set("box", "id", *box_id);
        let password = site.password_file()?.display().to_string();
        for (key, text) in [
            ("url", format!("mqtts://127.0.0.1:{}", broker.port())),
            ("ca_file", site.ca_file().display().to_string()),
            ("user", place.to_owned()),
            ("password_file", password),
        ] {
            self.set("uplink", key, text);
        }
        Ok(())
    }

    /// A key whose commands are obeyed.
    pub fn signer(&mut self, id: &str, public_key: &str, roles: &[&str]) {
        let mut signer = Table::new();
        signer["id"] = value(id);
        signer["public_key"] = value(public_key);
        signer["roles"] = value(roles.iter().copied().collect::<toml_edit::Array>());
        let uplink = &mut self.config["uplink"];
        let signers = uplink["signers"].or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        if let Some(signers) = signers.as_array_of_tables_mut() {
            signers.push(signer);
        }
    }

    /// Binds a key to an area.
    pub fn signer_area(&mut self, id: &str, area: &[&str]) {
        let signers = self.config["uplink"]["signers"].as_array_of_tables_mut();
        for signer in signers.into_iter().flat_map(|all| all.iter_mut()) {
            if signer["id"].as_str() == Some(id) {
                signer["area"] = value(area.iter().copied().collect::<toml_edit::Array>());
            }
        }
    }

    /// Adds the tables of `toml`, for example a `[[queues]]`, to the configuration.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn extend(&mut self, toml: &str) -> Result<()> {
        let more: DocumentMut = toml.parse().context("more of hall.toml")?;
        for (key, item) in more.iter() {
            match (self.config[key].as_array_of_tables_mut(), item) {
                (Some(there), Item::ArrayOfTables(new)) => there.extend(new.iter().cloned()),
                _ => self.config[key] = item.clone(),
            }
        }
        Ok(())
    }

    /// An environment variable for the agent.
    pub fn env(&mut self, name: &str, to: &str) {
        self.environment.push((name.into(), to.into()));
    }

    /// Environment for the agent.
    #[must_use]
    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Port of the page.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder: configuration, log, store.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration as text.
    #[must_use]
    pub fn text(&self) -> String {
        self.config.to_string()
    }

    /// Writes `hall.toml` as it is now and returns its path.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn write(&self) -> Result<PathBuf> {
        let path = self.folder().join("hall.toml");
        std::fs::write(&path, self.text())?;
        Ok(path)
    }

    /// Changes the entry with this id in one of the lists.
    pub fn with_entry(&mut self, list: &str, id: &str, change: impl FnOnce(&mut Table)) {
        let entry = self.config[list]
            .as_array_of_tables_mut()
            .and_then(|entries| entries.iter_mut().find(|e| e["id"].as_str() == Some(id)))
            .unwrap_or_else(|| unreachable!("the hall has no {list} with id {id}"));
        change(entry);
    }
}

const SENSOR_HALL: &str = r#"
[hall]
id = "510000-002"
name = { zh = "传感器大厅", en = "Sensor hall" }
area = ["51", "5100", "510000"]
utc_offset = "+08:00"

[box]
id = "b1"

[sensor_broker]
url = "mqtt://127.0.0.1:1"

[duty]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]

[rules]
profile = "quick"
revision = 1
present_confirm_s = 0.5
absent_confirm_s = 0.5
gap_tolerance_s = 0.2
notice_s = 1
warn_s = 2
severe_s = 3
return_hold_s = 1
open_grace_s = 3600
sensor_stale_s = 30

[uplink]
url = "mqtt://127.0.0.1:1"
state_interval_s = 5
backlog_rate_per_s = 1000

[storage]
max_mib = 64
reserve_mib = 0
"#;
