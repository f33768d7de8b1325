//! The broker on which sensors speak: one that is there, or the box's own.

use std::net::{Ipv4Addr, SocketAddr};

use crate::address::is_loopback;
use crate::mistake::quote;
use crate::raw::{
    RawConfig, RawLogin, RawRatingAdapter, RawSensorAdapter, RawSensorBroker, RawTicketAdapter,
};
use crate::sensor_broker::{BrokerLogin, OwnBroker, SensorBroker};
use crate::topic_filter;
use crate::validate::secret::Login;
use crate::validate::{Check, uplink};

const AT: &str = "sensor_broker";
/// User names that begin so are the box's.
const OWN_NAME: &str = "edge-agent";
/// A password shorter than this can be guessed.
const LEAST_PASSWORD: usize = 12;

/// The sensors' broker; missing although something is heard on it is a mistake.
pub(super) fn broker(raw: &RawConfig, check: &mut Check<'_>) -> Option<SensorBroker> {
    let heard = heard(raw);
    let Some(broker) = &raw.sensor_broker else {
        if !heard.is_empty() {
            check.mistake(
                AT,
                "the section [sensor_broker] is missing, but there are sensors on MQTT",
                "add [sensor_broker] with url = \"mqtt://127.0.0.1:1883\", or with listen for a broker of the box's own",
            );
        }
        return None;
    };
    match (&broker.url, &broker.listen) {
        (Some(url), None) => {
            if !broker.logins.is_empty() {
                check.mistake(
                    format!("{AT}.logins"),
                    "logins belong to a broker of the box's own, and url names another",
                    "make the logins at that broker, or write listen in place of url",
                );
            }
            let login = login(broker);
            // No TLS: the sensors' broker stands on the box or on its own cable, and small gateways offer none.
            uplink::broker(AT, url, &["mqtt"], &login, check).map(SensorBroker::Existing)
        }
        (None, Some(listen)) => {
            for (key, is_there) in [
                ("user", broker.user.is_some()),
                ("password_file", broker.password_file.is_some()),
                ("password_env", broker.password_env.is_some()),
            ] {
                if is_there {
                    check.mistake(
                        format!("{AT}.{key}"),
                        "the box logs in to its own broker by itself",
                        "take it out; devices' passwords stand under [[sensor_broker.logins]]",
                    );
                }
            }
            let listen = address(listen, raw, check);
            let logins = logins(&broker.logins, check);
            for (path, topic) in &heard {
                if !logins.iter().any(|login| login.may_write(topic)) {
                    check.mistake(
                        path,
                        format!("no login may write {}, so it would never be heard", quote(topic)),
                        "add the device under [[sensor_broker.logins]], or the topic to its login's topics",
                    );
                }
            }
            Some(SensorBroker::Own(OwnBroker { listen, logins }))
        }
        (None, None) => {
            check.mistake(
                AT,
                "neither url nor listen says which broker",
                "write url = \"mqtt://127.0.0.1:1883\" for one that is there, or listen = \"10.0.0.5:1883\" for one of the box's own",
            );
            None
        }
        (Some(_), Some(_)) => {
            check.mistake(
                format!("{AT}.listen"),
                "url and listen are both set",
                "keep url for a broker that is there, listen for one of the box's own",
            );
            None
        }
    }
}

fn login(broker: &RawSensorBroker) -> Login<'_> {
    Login {
        user: broker.user.as_deref(),
        password_file: broker.password_file.as_deref(),
        password_env: broker.password_env.as_deref(),
    }
}

/// What is heard on the broker: where it is written, and a topic its device writes.
fn heard(raw: &RawConfig) -> Vec<(String, String)> {
    let sensors = raw.sensors.iter().enumerate().filter_map(|(n, sensor)| {
        use RawSensorAdapter::{Http, Ld2410, Ld2450, Modbus, Tasmota};
        let topic = sensor.topic.clone().unwrap_or_default();
        let topic = match sensor.adapter {
            Http | Ld2410 | Ld2450 | Modbus => return None,
            Tasmota => format!("tele/{topic}/SENSOR"),
            _ => topic,
        };
        Some((format!("sensors[{n}].topic"), topic))
    });
    let tickets = (raw.tickets.iter().enumerate())
        .filter(|(_, t)| t.adapter == RawTicketAdapter::Mqtt)
        .map(|(n, t)| (format!("tickets[{n}].topic"), t.topic.clone()));
    let ratings = (raw.ratings.iter().enumerate())
        .filter(|(_, r)| r.adapter == RawRatingAdapter::Mqtt)
        .map(|(n, r)| (format!("ratings[{n}].topic"), r.topic.clone()));
    let others = tickets
        .chain(ratings)
        .map(|(path, topic)| (path, topic.unwrap_or_default()));
    sensors.chain(others).collect()
}

/// The address devices come to. The centre's broker is another one: nothing passes from one to the other.
fn address(text: &str, raw: &RawConfig, check: &mut Check<'_>) -> SocketAddr {
    let path = format!("{AT}.listen");
    let Some(listen) = text.parse::<SocketAddr>().ok().filter(|a| a.port() != 0) else {
        check.mistake(
            path,
            format!("{} is not an address with a port", quote(text)),
            "write the box's own address, for example \"10.0.0.5:1883\"",
        );
        return SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    };
    if let Some(uplink) = &raw.uplink
        && let Ok(centre) = crate::address::parse(&uplink.url, &["mqtt", "mqtts"])
        && centre.port.unwrap_or(1883) == listen.port()
        && (is_loopback(centre.host) || centre.host.parse() == Ok(listen.ip()))
    {
        check.mistake(
            path,
            "this is the address of the uplink's broker",
            "take another port: what sensors say stays apart from what the centre is told",
        );
    }
    listen
}

fn logins(raw: &[RawLogin], check: &mut Check<'_>) -> Vec<BrokerLogin> {
    let list = format!("{AT}.logins");
    check.ids(&list, raw.iter().map(|login| login.id.as_str()));
    let mut logins: Vec<BrokerLogin> = Vec::new();
    for (n, login) in raw.iter().enumerate() {
        let path = format!("{list}[{n}]");
        if login.id.starts_with(OWN_NAME) {
            check.mistake(
                format!("{path}.id"),
                format!("names that begin with {OWN_NAME} are the box's own"),
                "name the device, for example \"w3-radar\"",
            );
        }
        let topics = topics(&path, login, check);
        for other in logins.iter().filter(|other| other.id != login.id) {
            let shared = topics.iter().find(|topic| {
                (other.topics.iter()).any(|theirs| topic_filter::overlap(theirs, topic))
            });
            if let Some(topic) = shared {
                check.mistake(
                    format!("{path}.topics"),
                    format!(
                        "{} could be a topic of the login {} too",
                        quote(topic),
                        quote(&other.id)
                    ),
                    "give each its own, so that no device can speak for another",
                );
            }
        }
        let secret = Login {
            user: Some(&login.id),
            password_file: login.password_file.as_deref(),
            password_env: login.password_env.as_deref(),
        };
        let password = secret.password(&path, check);
        if let Some(password) = &password {
            if password.expose().chars().count() < LEAST_PASSWORD {
                check.mistake(
                    &path,
                    format!("the password is shorter than {LEAST_PASSWORD} characters"),
                    "take a longer one, or leave it out: `edge-agent sensors login` makes one",
                );
            } else if (logins.iter()).any(|other| other.password.as_ref() == Some(password)) {
                check.mistake(
                    &path,
                    "the password is another device's",
                    "make one for each, so that a lost one opens one device only",
                );
            }
        }
        logins.push(BrokerLogin {
            id: login.id.clone(),
            topics,
            password,
        });
    }
    logins
}

/// Topics as written, or those of a device of that name.
fn topics(path: &str, login: &RawLogin, check: &mut Check<'_>) -> Vec<String> {
    if login.topics.is_empty() {
        let own = ["", "tele/", "stat/", "cmnd/"].map(|begin| format!("{begin}{}/#", login.id));
        return own.to_vec();
    }
    let mut topics = Vec::with_capacity(login.topics.len());
    for (n, topic) in login.topics.iter().enumerate() {
        match topic_filter::refusal(topic) {
            Some((message, hint)) => check.mistake(format!("{path}.topics[{n}]"), message, hint),
            None => topics.push(topic.clone()),
        }
    }
    topics
}
