//! Which group a customer belongs to in a campaign.
//!
//! A keyed hash, not a shuffle: the assignment is the same however often a campaign is generated, whoever else is
//! in the audience, and can be checked afterwards by whoever knows the shop's secret.

use super::plan::{Arm, Controls};
use crate::ids::CampaignId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A shop's secret and a campaign, ready to assign.
#[derive(Clone)]
pub struct Assignment {
    keyed: Hmac<Sha256>,
    controls: Controls,
}

impl Assignment {
    pub fn new(secret: &[u8], campaign: CampaignId, controls: Controls) -> Self {
        let mut keyed =
            Hmac::<Sha256>::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
        keyed.update(&campaign.0.to_be_bytes());
        Self { keyed, controls }
    }

    pub fn arm(&self, customer: &str) -> Arm {
        let at = self.share(customer);
        let Controls { holdout_share, baseline_share } = self.controls;
        if at < holdout_share {
            Arm::Holdout
        } else if at < holdout_share + baseline_share {
            Arm::Baseline
        } else {
            Arm::Picks
        }
    }

    /// Uniform in [0, 1): the first 53 bits of HMAC-SHA256(secret, campaign ‖ customer).
    fn share(&self, customer: &str) -> f64 {
        let mut keyed = self.keyed.clone();
        keyed.update(customer.as_bytes());
        let digest = keyed.finalize().into_bytes();
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest[..8]);
        (u64::from_be_bytes(first) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_out_and_assignments_stay() {
        let controls = Controls { holdout_share: 0.1, baseline_share: 0.2 };
        let one = Assignment::new(b"secret", CampaignId(7), controls);
        let mut counts = [0u32; 3];
        for customer in 0..20_000 {
            let arm = one.arm(&customer.to_string());
            assert_eq!(arm, one.arm(&customer.to_string()));
            counts[arm as usize] += 1;
        }
        // Three standard deviations of the binomial are 127 and 170.
        assert!(counts[Arm::Holdout as usize].abs_diff(2_000) < 130, "{counts:?}");
        assert!(counts[Arm::Baseline as usize].abs_diff(4_000) < 175, "{counts:?}");
    }

    #[test]
    fn another_campaign_assigns_anew() {
        let controls = Controls { holdout_share: 0.5, baseline_share: 0.0 };
        let one = Assignment::new(b"secret", CampaignId(1), controls);
        let two = Assignment::new(b"secret", CampaignId(2), controls);
        let differ = (0..1_000).filter(|n| one.arm(&n.to_string()) != two.arm(&n.to_string())).count();
        assert!(differ.abs_diff(500) < 60, "{differ}");
    }
}
