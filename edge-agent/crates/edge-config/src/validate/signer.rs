//! Keys of the centre whose commands are obeyed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hall_core::order::Role;

use crate::config::SignerConfig;
use crate::raw::{RawRole, RawSigner};
use crate::validate::Check;

/// Keys with what they may do.
pub(super) fn signers(raw: &[RawSigner], check: &mut Check<'_>) -> Vec<SignerConfig> {
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
