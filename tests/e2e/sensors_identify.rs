//! Press to identify: the sensor that is pressed twice is bound to its window in hall.toml, and to no other place.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use edge_tests::agent::{Agent, binary, run_with, workspace};
use edge_tests::child::owned;
use edge_tests::device::Device;
use edge_tests::hall::Hall;
use edge_tests::modbus::ModbusUnits;
use edge_tests::port::free_port;
use edge_tests::wait;

const SOON: Duration = Duration::from_secs(30);
const PASSWORD: &str = "a-password-of-the-installer";

/// How it went: exit code, what was printed for the result, what the person was told.
struct Outcome {
    code: Option<i32>,
    printed: String,
    told: Vec<String>,
}

/// Runs `sensors identify` and plays the person: `press` is called each time it asks for one.
fn identify(hall: &Hall, arguments: &[&str], mut press: impl FnMut()) -> Outcome {
    let mut child = owned(binary().unwrap())
        .args(["sensors", "identify", "--units", "2", "--config"])
        .arg(hall.folder().join("hall.toml"))
        .args(arguments)
        .envs(hall.environment().iter().map(|(name, value)| (name, value)))
        .current_dir(workspace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        let asks = line.contains("Press the sensor now") || line.contains("press it now");
        told.push(line);
        if asks {
            press();
        }
    }
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        printed: String::from_utf8(output.stdout).unwrap(),
        told,
    }
}

/// Two windows; a broker of the box's own for mats, and a Modbus unit whose input 0 is W1's seat.
fn hall() -> (Hall, u16, ModbusUnits) {
    let mut hall = Hall::of_sensors(2).unwrap();
    let (port, modbus) = (free_port().unwrap(), free_port().unwrap());
    let units = ModbusUnits::tcp(modbus, &[2]).unwrap();
    hall.extend(&format!(
        "[sensor_broker]\nlisten = \"127.0.0.1:{port}\"\n\
         [[sensor_broker.logins]]\nid = \"mats\"\npassword_env = \"MATS_PASSWORD\"\n\
         [[sensor_broker.logins]]\nid = \"zigbee2mqtt\"\n\
         [[gateways]]\nid = \"modbus-1\"\nurl = \"tcp://127.0.0.1:{modbus}\"\n\
         # the mat under the chair\n\
         [[sensors]]\nid = \"W1-seat\"\nwindow = \"W1\"\nkind = \"seat\"\ntype = \"modbus\"\ngateway = \"modbus-1\"\nunit = 2\ninput = 0\n"
    ))
    .unwrap();
    hall.env("MATS_PASSWORD", PASSWORD);
    (hall, port, units)
}

fn text(hall: &Hall) -> String {
    std::fs::read_to_string(hall.folder().join("hall.toml")).unwrap()
}

/// The lines an outcome shows as added.
fn added(outcome: &Outcome) -> String {
    let lines = outcome
        .printed
        .lines()
        .filter_map(|line| line.strip_prefix('+'));
    lines
        .map(|line| format!("{}\n", line.trim_start()))
        .collect()
}

#[test]
fn a_mat_that_is_pressed_twice_is_bound_while_a_restless_one_is_left_out() {
    let (mut hall, port, _units) = hall();
    let mut agent = Agent::start(&hall).unwrap();
    let login = Some(("mats", PASSWORD));
    let mut mats = wait::until("the box's own broker", SOON, || {
        Device::connect(port, "mats", login).ok()
    })
    .unwrap();
    let before = text(&hall);
    let say = |mats: &mut Device, mat: u8, word: &str| {
        let payload = format!(r#"{{"seat":"{word}","battery":97}}"#);
        mats.publish(&format!("mats/{mat}"), &payload, false)
            .unwrap();
    };

    let (stop, pressed) = (AtomicBool::new(false), AtomicBool::new(false));
    let outcome = std::thread::scope(|scope| {
        let (stop, pressed) = (&stop, &pressed);
        scope.spawn(move || {
            let mut turn = false;
            while !stop.load(Ordering::SeqCst) {
                turn = !turn;
                // Mat 9 lies under a fan; mat 7 says how it is every now and then.
                say(&mut mats, 9, if turn { "belegt" } else { "frei" });
                say(
                    &mut mats,
                    7,
                    if pressed.load(Ordering::SeqCst) {
                        "belegt"
                    } else {
                        "frei"
                    },
                );
                std::thread::park_timeout(Duration::from_millis(300));
            }
        });
        let outcome = identify(&hall, &["--window", "W2", "--kind", "seat"], || {
            pressed.store(true, Ordering::SeqCst);
            std::thread::park_timeout(Duration::from_millis(900));
            pressed.store(false, Ordering::SeqCst);
        });
        stop.store(true, Ordering::SeqCst);
        outcome
    });
    assert_eq!(
        outcome.code,
        Some(0),
        "{}\n{}",
        outcome.told.join("\n"),
        outcome.printed
    );
    assert!(
        outcome
            .told
            .iter()
            .any(|line| line == "left out, it changes by itself: mats/9 /seat"),
        "{:?}",
        outcome.told
    );
    let entry = "\n[[sensors]]\nid = \"W2-seat\"\nwindow = \"W2\"\nkind = \"seat\"\ntype = \"mqtt\"\ntopic = \"mats/7\"\npointer = \"/seat\"\non = [\"belegt\"]\noff = [\"frei\"]\n";
    assert_eq!(added(&outcome), entry, "{}", outcome.printed);
    assert!(
        !outcome.printed.lines().any(|line| line.starts_with('-')),
        "{}",
        outcome.printed
    );
    let after = text(&hall);
    assert_eq!(
        after.replace(entry, ""),
        before,
        "all else stays, comments too"
    );
    let left = std::fs::read_dir(hall.folder()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|e| e.file_name())
        .filter(|n| n.to_string_lossy().starts_with(".hall"))
        .collect();
    assert!(left.is_empty(), "{left:?}");

    // Restarted with it, the box hears the mat.
    agent.stop().unwrap();
    hall.extend(entry).unwrap();
    let mut agent = Agent::start(&hall).unwrap();
    let mut mats = wait::until("the broker", SOON, || {
        Device::connect(port, "mats", login).ok()
    })
    .unwrap();
    wait::until_true("the mat on the page", SOON, || {
        say(&mut mats, 7, "belegt");
        let snapshot = agent.http().json("/api/snapshot").unwrap_or_default();
        let sensors = snapshot["sensors"].as_array().cloned().unwrap_or_default();
        sensors
            .iter()
            .any(|s| s["sensor"] == "W2-seat" && s["value"] == true)
    })
    .unwrap_or_else(|e| panic!("{e:#}\n{}", agent.log()));
    agent.stop().unwrap();
}

#[test]
fn contacts_on_modbus_are_told_apart_normally_closed_ones_too_and_a_bound_one_is_named() {
    let (hall, _, mut units) = hall();
    // Input 5 is a normally closed contact.
    units.set(2, 5, true).unwrap();
    hall.write().unwrap();
    let mut press = |input: u16, pressed: bool| {
        units.set(2, input, pressed).unwrap();
        std::thread::park_timeout(Duration::from_millis(900));
        units.set(2, input, !pressed).unwrap();
    };
    let outcome = identify(
        &hall,
        &["--window", "W2", "--kind", "pause", "--id", "W2-switch"],
        || press(5, false),
    );
    assert_eq!(
        outcome.code,
        Some(0),
        "{}\n{}",
        outcome.told.join("\n"),
        outcome.printed
    );
    let entry = "\n[[sensors]]\nid = \"W2-switch\"\nwindow = \"W2\"\nkind = \"pause\"\ntype = \"modbus\"\ngateway = \"modbus-1\"\nunit = 2\ninput = 5\ninvert = true\n";
    assert_eq!(added(&outcome), entry);
    let file = hall.folder().join("hall.toml").display().to_string();
    let checked = run_with(&["check", "--config", &file], hall.environment()).unwrap();
    assert!(checked.status.success());

    // The seat of W1 is bound: nothing is written, and it is said where it belongs.
    let before = text(&hall);
    let outcome = identify(&hall, &["--window", "W2"], || press(0, true));
    assert_eq!(outcome.code, Some(1), "{}", outcome.printed);
    let told = outcome.told.join("\n");
    assert!(
        told.contains("it is W1-seat (modbus-1 unit 2 input 0), already bound to window W1"),
        "{told}"
    );
    assert_eq!(text(&hall), before);

    // An id that is taken: refused with the mistake, and the file stays.
    let outcome = identify(&hall, &["--window", "W2", "--id", "W1-seat"], || {
        press(6, true)
    });
    assert_eq!(outcome.code, Some(1), "{}", outcome.printed);
    let told = outcome.told.join("\n");
    assert!(
        told.contains("the id \"W1-seat\" is already used"),
        "{told}"
    );
    assert_eq!(text(&hall), before);
}
