//! Time and CPU time of one run, of this process and of the broker.

use std::time::Instant;

use crate::Taken;
use crate::support::broker::Broker;

/// Runs from [`start`](Meter::start) on.
pub struct Meter {
    began: Instant,
    own_s: f64,
    broker_s: f64,
    broker_pid: u32,
}

impl Meter {
    pub fn start(broker: &Broker) -> Meter {
        let broker_pid = broker.pid();
        Meter {
            own_s: seconds(std::process::id()),
            broker_s: seconds(broker_pid),
            broker_pid,
            began: Instant::now(),
        }
    }

    pub fn read(&self) -> Taken {
        Taken {
            seconds: self.began.elapsed().as_secs_f64(),
            cpu_s: seconds(std::process::id()) - self.own_s,
            broker_cpu_s: seconds(self.broker_pid) - self.broker_s,
        }
    }
}

/// CPU seconds of a process, all threads, in steps of 10 ms (USER_HZ is 100 towards programs everywhere).
fn seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks = |n: usize| fields[n].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

pub fn model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{name}, {cores} cores")
}

pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
