//! Whether a device on the broker can be reached: its own word and that of the bridge it hangs on, each of which may be kept by the
//! broker and comes in any order. Knows no device.

use std::collections::BTreeMap;

use hall_core::ids::SensorId;

/// What one connection to the broker has said so far, by sensor: (device is gone, bridge is gone).
#[derive(Debug, Default)]
pub(crate) struct Reach(BTreeMap<SensorId, (bool, bool)>);

impl Reach {
    /// The device says whether it is there; true when it can be reached.
    pub fn device(&mut self, sensor: &SensorId, online: bool) -> bool {
        let gone = self.0.entry(sensor.clone()).or_default();
        gone.0 = !online;
        !gone.0 && !gone.1
    }

    /// The bridge says whether it is there; true when the device can be reached.
    pub fn bridge(&mut self, sensor: &SensorId, online: bool) -> bool {
        let gone = self.0.entry(sensor.clone()).or_default();
        gone.1 = !online;
        !gone.0 && !gone.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_that_is_there_does_not_speak_for_a_device_that_is_gone_nor_the_other_way_round() {
        let mut reach = Reach::default();
        let sensor = SensorId::from("W4-radar");
        assert!(!reach.device(&sensor, false));
        assert!(!reach.bridge(&sensor, true), "the device is still gone");
        assert!(reach.device(&sensor, true));
        assert!(!reach.bridge(&sensor, false));
        assert!(!reach.device(&sensor, true), "the broker kept this word");
        assert!(reach.bridge(&sensor, true));
    }
}
