//! Exported event lines, as `verify` reads them.

use edge_uplink::verify::{VerifyError, verify};

use crate::fixture::files;

pub(crate) fn export(bytes: &[u8]) {
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    match verify(bytes) {
        Ok(verified) => {
            assert!(verified.records + verified.gaps.len() as u64 <= lines);
            assert!(verified.first_seq <= verified.last_seq);
        }
        Err(VerifyError::Broken(broken)) => assert!((1..=lines).contains(&broken.line)),
        Err(VerifyError::Input(error)) => panic!("memory cannot fail to be read: {error}"),
    }
}

/// Stored lines as the published golden events hold them.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let golden = files("edge-uplink/tests/golden");
    let data = golden.iter().filter_map(|(_, payload)| {
        let text = std::str::from_utf8(payload).ok()?.trim_end();
        let data = text.split_once("\"data\":")?.1;
        let open = data.split(",\"late\":").next()?;
        Some(format!("{open}}}\n").into_bytes())
    });
    let mut seeds: Vec<Vec<u8>> = data.collect();
    seeds.push(seeds.concat());
    seeds
}
