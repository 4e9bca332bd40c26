//! The laws of an answer's expiry: what it promises for the time to come must be so.

use attune_domain::answer::Answer;
use attune_domain::rule::Explanation;
use attune_domain::time::Timestamp;
use fastrand::Rng;

use crate::brute::Brute;
use crate::model::*;
use crate::person::Person;
use crate::value::instant_text;
use crate::wire::instant;

/// How far the oracle looks ahead: beyond the longest window and the next two birthdays.
const HORIZON: Ms = 800 * DAY;

/// Checks each answer of now against the oracle until it expires, and one explanation. Returns how
/// many comparisons that were.
pub(crate) fn check_future(
    brute: &Brute<'_>,
    person: &Person<'_>,
    now: Ms,
    rng: &mut Rng,
) -> Result<u64, String> {
    let core = &person.profile().core;
    let answers = person.definitions.answers(&core.facts(), instant(now));
    let mut compared = 0;
    for (place, (rule, answer)) in brute.shop.segments.iter().zip(answers).enumerate() {
        let checked = check_until(brute, rule, answer, now, rng);
        compared += checked.map_err(|why| format!("s{place} {why}"))?;
    }
    let place = rng.usize(..brute.shop.segments.len());
    let rule = &person.definitions.segments[place].rule;
    let explained = person.definitions.explain(rule, core, instant(now));
    let checked = check_explained(brute, &brute.shop.segments[place], &explained, now);
    Ok(compared + checked.map_err(|why| format!("s{place} explained: {why}"))?)
}

/// For every instant in `[now, until)` the rule gives the same, and `until > now`.
fn check_until(
    brute: &Brute<'_>,
    rule: &Rule,
    answer: Answer,
    now: Ms,
    rng: &mut Rng,
) -> Result<u64, String> {
    let until = answer.until.millis();
    if until <= now {
        return Err(format!("expires at {}, which is not after now", answer.until));
    }
    let last = until.saturating_sub(1).min(now + HORIZON);
    let mut points = brute.turns(rule, now, last);
    points.extend([now, last]);
    points.extend((0..3).map(|_| rng.i64(now..=last)));
    check_points(brute, rule, answer.holds, points)
}

/// A rule, and each rule inside it, turns when its explanation says so and not before.
fn check_explained(
    brute: &Brute<'_>,
    rule: &Rule,
    explained: &Explanation,
    now: Ms,
) -> Result<u64, String> {
    let turns_at = explained.turns_at.map(Timestamp::millis);
    let last = turns_at.map_or(now + HORIZON, |at| (at - 1).min(now + HORIZON));
    let mut points = brute.turns(rule, now, last);
    points.extend([now, last]);
    let mut compared = check_points(brute, rule, explained.holds, points)?;
    if let Some(at) = turns_at {
        compared += check_points(brute, rule, !explained.holds, [at])?;
    }
    let inside = match rule {
        Rule::All(rules) | Rule::Any(rules) => &rules[..],
        Rule::Not(rule) => std::slice::from_ref(&**rule),
        Rule::Leaf(_) => return Ok(compared),
    };
    if inside.len() != explained.inside.len() {
        return Err(format!("{} rules inside", explained.inside.len()));
    }
    for (rule, explained) in inside.iter().zip(&explained.inside) {
        compared += check_explained(brute, rule, explained, now)?;
    }
    Ok(compared)
}

fn check_points(
    brute: &Brute<'_>,
    rule: &Rule,
    holds: bool,
    points: impl IntoIterator<Item = Ms>,
) -> Result<u64, String> {
    let mut compared = 0;
    for at in points {
        compared += 1;
        if brute.holds(rule, at).is_some_and(|oracle| oracle != holds) {
            return Err(format!("is told {holds} for {}, oracle says no", instant_text(at)));
        }
    }
    Ok(compared)
}
