//! Keys of the centre whose commands are obeyed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hall_core::order::Role;

use crate::config::SignerConfig;
use crate::mistake::quote;
use crate::raw::{RawRole, RawSigner};
use crate::validate::{Check, hall};

/// Keys with what they may do.
pub(super) fn signers(
    raw: &[RawSigner],
    hall_area: &[String],
    check: &mut Check<'_>,
) -> Vec<SignerConfig> {
    check.ids(
        "uplink.signers",
        raw.iter().map(|signer| signer.id.as_str()),
    );
    let mut signers = Vec::with_capacity(raw.len());
    for (n, signer) in raw.iter().enumerate() {
        let path = format!("uplink.signers[{n}]");
        if signer.roles.is_empty() {
            check.mistake(
                format!("{path}.roles"),
                "the key may act in no role",
                "name at least one, or take the key out",
            );
        }
        if !signer.area.is_empty() {
            hall::area(&format!("{path}.area"), &signer.area, check);
            if !hall_area.starts_with(&signer.area) {
                check.warn(
                    format!("{path}.area"),
                    format!(
                        "the hall is not in {}, so every command of this key is refused here",
                        quote(&signer.area.join("/"))
                    ),
                    "name the hall's own area or one above it, or take the key out",
                );
            }
        }
        let key = STANDARD.decode(&signer.public_key);
        let Some(public_key) = key.ok().and_then(|bytes| bytes.try_into().ok()) else {
            check.mistake(
                format!("{path}.public_key"),
                "the key is not the 32 bytes of an Ed25519 public key in base64",
                "openssl pkey -in key.pem -pubout -outform DER | tail -c 32 | base64",
            );
            continue;
        };
        signers.push(SignerConfig {
            id: signer.id.clone(),
            public_key,
            roles: signer.roles.iter().copied().map(role).collect(),
            area: signer.area.clone(),
        });
    }
    signers
}

fn role(raw: RawRole) -> Role {
    match raw {
        RawRole::Province => Role::Province,
        RawRole::Supervisor => Role::Supervisor,
        RawRole::ResidentSupervisor => Role::ResidentSupervisor,
        RawRole::HallManager => Role::HallManager,
        RawRole::ChiefRepresentative => Role::ChiefRepresentative,
        RawRole::Patrol => Role::Patrol,
    }
}
