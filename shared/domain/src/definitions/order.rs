//! The order in which segments are evaluated: each after those it refers to.

use super::Segment;

/// The places of `segments` in that order, or the places of a circle among them.
pub(super) fn topological(segments: &[Segment]) -> Result<Vec<usize>, Vec<usize>> {
    let needs: Vec<Vec<usize>> = segments.iter().map(|segment| segment.rule.segments()).collect();
    let mut order: Vec<usize> = Vec::new();
    // Each round takes all whose needs are met; at most as many rounds as segments.
    while order.len() < segments.len() {
        let ready = |at: &usize| {
            !order.contains(at)
                && needs.get(*at).is_some_and(|needs| needs.iter().all(|need| order.contains(need)))
        };
        let ready: Vec<usize> = (0..segments.len()).filter(ready).collect();
        if ready.is_empty() {
            return Err(circle(&needs, &order));
        }
        order.extend(ready);
    }
    Ok(order)
}

/// Follows needs from one that is stuck until a place comes again.
fn circle(needs: &[Vec<usize>], done: &[usize]) -> Vec<usize> {
    let stuck = |at: &usize| !done.contains(at);
    let mut path: Vec<usize> = (0..needs.len()).filter(stuck).take(1).collect();
    while let Some(last) = path.last() {
        let next = needs.get(*last).and_then(|needs| needs.iter().copied().find(stuck));
        let Some(next) = next else { break };
        if let Some(start) = path.iter().position(|at| *at == next) {
            path.drain(..start);
            path.push(next);
            break;
        }
        path.push(next);
    }
    path
}
