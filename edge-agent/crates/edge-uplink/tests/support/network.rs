//! A box, a router and a broker, each in a network of its own, and a router that can lose packets without a word.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where the broker is reached from the box.
pub const BROKER: &str = "10.77.2.2";
const BOX: &str = "10.77.1.2";

/// A process that holds a network namespace; the namespace ends with it.
pub struct Namespace {
    holder: Child,
}

impl Namespace {
    /// A new one, cut off from everything; `None`: not permitted here.
    fn new() -> Option<Namespace> {
        let holder = Command::new("unshare")
            .args(["--net", "sleep", "600"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut namespace = Namespace { holder };
        let own = std::fs::read_link("/proc/self/ns/net").ok()?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if namespace.holder.try_wait().ok()?.is_some() {
                return None;
            }
            if std::fs::read_link(namespace.link()).is_ok_and(|link| link != own) {
                return Some(namespace);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    fn link(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.holder.id()).into()
    }

    /// A program that will run in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.link().display()));
        command.arg(program);
        command
    }

    /// Runs a shell line in it.
    fn sh(&self, line: &str) -> bool {
        let status = self.command("sh").args(["-c", line]).status();
        status.is_ok_and(|status| status.success())
    }

    /// Runs `work` on a thread of its own in it: sockets made there are of this network.
    pub fn thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let link = self.link();
        std::thread::spawn(move || {
            let file = std::fs::File::open(link).unwrap();
            let fd = std::os::fd::AsFd::as_fd(&file);
            move_into_link_name_space(fd, Some(LinkNameSpaceType::Network)).unwrap();
            work()
        })
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The three networks.
pub struct Network {
    pub the_box: Namespace,
    router: Namespace,
    pub broker: Namespace,
}

impl Network {
    /// Box and broker reach each other through the router; `None`: not permitted here.
    pub fn new() -> Option<Network> {
        let net = Network {
            the_box: Namespace::new()?,
            router: Namespace::new()?,
            broker: Namespace::new()?,
        };
        let (box_pid, broker_pid) = (net.the_box.holder.id(), net.broker.holder.id());
        let joined = net.router.sh(&format!(
            "ip link add r0 type veth peer name b0 && ip link set b0 netns {box_pid} && \
             ip link add r1 type veth peer name c0 && ip link set c0 netns {broker_pid} && \
             ip addr add 10.77.1.1/24 dev r0 && ip addr add 10.77.2.1/24 dev r1 && ip link set r0 up && ip link set r1 up && \
             echo 1 > /proc/sys/net/ipv4/ip_forward"
        )) && net.the_box.sh(&format!(
            "ip link set lo up && ip addr add {BOX}/24 dev b0 && ip link set b0 up && ip route add default via 10.77.1.1"
        )) && net.broker.sh(&format!(
            "ip link set lo up && ip addr add {BROKER}/24 dev c0 && ip link set c0 up && ip route add default via 10.77.2.1"
        ));
        joined.then_some(net)
    }

    /// From now on packets between box and broker vanish in both directions; nobody is told.
    pub fn cut(&self) {
        assert!(self.router.sh(&format!(
            "ip route add blackhole {BOX}/32 && ip route add blackhole {BROKER}/32"
        )));
    }

    /// Packets pass again.
    pub fn mend(&self) {
        assert!(self.router.sh(&format!(
            "ip route del blackhole {BOX}/32 && ip route del blackhole {BROKER}/32"
        )));
    }
}
