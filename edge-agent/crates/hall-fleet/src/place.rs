//! Where a simulated box stands: halls spread over the counties of one city, as the division codes (GB/T 2260) number them. Pure.

/// Bazhong's counties and districts.
const COUNTIES: [&str; 5] = ["511902", "511903", "511921", "511922", "511923"];

/// A box's place in the topic tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Province, city, county.
    pub area: Vec<String>,
    /// Hall id.
    pub hall: String,
}

/// Every box has this id in its hall.
pub const BOX_ID: &str = "b1";

/// The place of box `n`, from 0.
#[must_use]
pub fn place(n: usize) -> Place {
    let county = COUNTIES[n % COUNTIES.len()];
    Place {
        area: [&county[..2], &county[..4], county].map(Into::into).into(),
        hall: format!("{county}-{:04}", n / COUNTIES.len() + 1),
    }
}

impl Place {
    /// CloudEvents source.
    #[must_use]
    pub fn source(&self) -> String {
        format!("/{}/{}/{BOX_ID}", self.area.join("/"), self.hall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_boxes_stand_in_one_place() {
        let places: std::collections::BTreeSet<String> =
            (0..1632).map(|n| place(n).source()).collect();
        assert_eq!(places.len(), 1632);
        assert_eq!(place(2).source(), "/51/5119/511921/511921-0001/b1");
    }
}
