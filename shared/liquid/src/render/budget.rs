//! What is left of the limits while a template is rendered.

use crate::limits::{Limit, RenderLimits};

/// What is left of the limits. Every method takes its share before the work is done.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: RenderLimits,
    steps: usize,
    value_bytes: usize,
    output_bytes: usize,
}

/// Bytes that may be looked at for one step: in a debug build that takes about a microsecond.
const BYTES_PER_STEP: usize = 64;

impl Budget {
    pub(crate) fn new(limits: RenderLimits) -> Self {
        let RenderLimits { steps, value_bytes, output_bytes, .. } = limits;
        Self { limits, steps, value_bytes, output_bytes }
    }

    /// Takes this many steps.
    pub(crate) fn steps(&mut self, count: usize) -> Result<(), Limit> {
        take(&mut self.steps, count).ok_or(Limit::Steps(self.limits.steps))
    }

    /// Takes the steps for looking at this many bytes.
    pub(crate) fn look(&mut self, bytes: usize) -> Result<(), Limit> {
        self.steps(bytes / BYTES_PER_STEP + 1)
    }

    /// Takes the steps for looking up a key of this many bytes in so many places. Names as people
    /// write them cost nothing beyond the step of what they stand in.
    pub(crate) fn key(&mut self, bytes: usize, places: usize) -> Result<(), Limit> {
        self.steps((bytes / BYTES_PER_STEP).saturating_mul(places))
    }

    /// Takes room for a value of this many bytes.
    pub(crate) fn value(&mut self, bytes: usize) -> Result<(), Limit> {
        take(&mut self.value_bytes, bytes).ok_or(Limit::ValueBytes(self.limits.value_bytes))
    }

    /// Takes room for this many bytes of output.
    pub(crate) fn output(&mut self, bytes: usize) -> Result<(), Limit> {
        take(&mut self.output_bytes, bytes).ok_or(Limit::OutputBytes(self.limits.output_bytes))
    }

    /// How large the next value may be.
    pub(crate) fn room(&self) -> usize {
        self.value_bytes
    }

    /// The error that there is no more room for values.
    pub(crate) fn no_room(&self) -> Limit {
        Limit::ValueBytes(self.limits.value_bytes)
    }
}

fn take(left: &mut usize, count: usize) -> Option<()> {
    *left = left.checked_sub(count)?;
    Some(())
}
