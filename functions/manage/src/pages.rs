//! How much one answer holds of what may be long.

use crate::Refusal;

/// Pages of a list: how many are in one if nothing is asked for, and at most.
pub(crate) struct Pages {
    pub(crate) usual: u16,
    pub(crate) most: u16,
}

impl Pages {
    /// Pages of most lists.
    pub(crate) const OF_ROWS: Self = Self { usual: 100, most: 1_000 };

    /// How many are in a page for which `limit` is asked.
    pub(crate) fn size(&self, limit: Option<u32>) -> Result<u16, Refusal> {
        let Some(limit) = limit else { return Ok(self.usual) };
        let size = u16::try_from(limit).ok().filter(|size| (1..=self.most).contains(size));
        size.ok_or_else(|| {
            let most = self.most;
            Refusal::Unreadable(format!("`limit` is {limit}; a page has from 1 to {most}"))
        })
    }
}
