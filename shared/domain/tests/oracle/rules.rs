//! Draws rules.

use crate::draw::Draw;
use crate::model::*;
use crate::teeth::Kind;

/// Segments of a case; the leaves of all of them together are about three times as many.
const SEGMENTS: usize = 6;
/// Events that rules name, as a history has them.
pub(crate) const EVENTS: &[&str] = &[
    "Product Viewed",
    "Product Added",
    "Checkout Started",
    "Wine Tasted",
    "Page Viewed",
    "Order Completed",
    "Order Completed",
];
pub(crate) const PROGRAMS: &[&str] = &["welcome", "winback"];

/// A shop with random segments.
pub(crate) fn shop(draw: &mut Draw) -> Shop {
    let zone = draw.of(crate::draw::ZONES);
    let mut shop = Shop { zone, metrics: Vec::new(), scores: Vec::new(), segments: Vec::new() };
    for _ in 0..SEGMENTS {
        let segment = rule(draw, &mut shop, 0);
        shop.segments.push(segment);
    }
    shop
}

fn rule(draw: &mut Draw, shop: &mut Shop, depth: usize) -> Rule {
    let shape = if depth < 3 { draw.rng.u8(..10) } else { 9 };
    let mut group = |draw: &mut Draw| -> Vec<Rule> {
        (0..draw.rng.usize(2..=3)).map(|_| rule(draw, shop, depth + 1)).collect()
    };
    match shape {
        0..=2 => Rule::All(group(draw)),
        3..=5 => Rule::Any(group(draw)),
        6 => Rule::Not(Box::new(rule(draw, shop, depth + 1))),
        _ => Rule::Leaf(leaf(draw, shop)),
    }
}

fn leaf(draw: &mut Draw, shop: &mut Shop) -> Leaf {
    match draw.rng.u8(..42) {
        0..=11 => of_trait(draw),
        24..=28 => message(draw),
        29..=34 => metric(draw, shop),
        35 => score(draw, shop),
        36 | 37 => waiting(draw),
        38 if !shop.segments.is_empty() => {
            let at = draw.rng.usize(..shop.segments.len());
            Leaf { kinds: vec![Kind::Segment], test: Test::Segment(at) }
        }
        39 | 40 => consent(draw),
        41 => {
            let test = Test::Prefers(draw.of(&["email", "sms", "push"]));
            Leaf { kinds: vec![Kind::Prefers], test }
        }
        _ => Leaf::of(did(draw)),
    }
}

/// A trait's path, tests on its value, and the kind of test they are.
fn of_trait(draw: &mut Draw) -> Leaf {
    let text = |text| Scalar::Text(text);
    let mut anniversary = None;
    let mut moments = Vec::new();
    let mut tests = Vec::new();
    let dated = ["created_at", "renews_at"];
    let (path, kind) = match draw.rng.u8(..14) {
        0 => {
            let (path, scalar) = match draw.rng.u8(..3) {
                0 => ("country", text(draw.of(&["FR", "JP", "US"]))),
                1 => ("newsletter", Scalar::Bool(draw.chance(50))),
                _ => ("age", Scalar::Number(draw.of(&[1800, 2050, 4000]))),
            };
            tests.push(ValueTest::In(vec![scalar]));
            (path, Kind::TraitIs)
        }
        1 => {
            let cities = ["Lyon", "Osaka", "Oslo"].map(text);
            tests.push(ValueTest::In(cities[draw.rng.usize(..2)..].to_vec()));
            ("address.city", Kind::TraitIn)
        }
        2 => {
            tests.push(ValueTest::Contains(draw.of(&["yo", "o", "red"])));
            (draw.of(&["address.city", "tags"]), Kind::TraitContains)
        }
        3 => {
            tests.push(ValueTest::StartsWith(draw.of(&["L", "O", "bee"])));
            (draw.of(&["address.city", "tags"]), Kind::TraitStartsWith)
        }
        4 => {
            tests.push(ValueTest::Number(range(draw, &[1800, 2050, 3000, 4000])));
            ("age", Kind::TraitNumber)
        }
        5 => {
            tests.push(ValueTest::Before(draw.instant() / DAY * DAY));
            (draw.of(&dated), Kind::TraitBefore)
        }
        6 => {
            tests.push(ValueTest::After(draw.instant()));
            (draw.of(&dated), Kind::TraitAfter)
        }
        7 => {
            tests.push(ValueTest::IsSet);
            (draw.of(&["email", "phone", "tags", "address.city"]), Kind::TraitIsSet)
        }
        8 => {
            moments.push(Moment::Within(Window::Last(draw.span())));
            (draw.of(&dated), Kind::TraitWithin)
        }
        9 => {
            moments.push(Moment::Within(Window::During(period(draw))));
            (draw.of(&dated), Kind::TraitDuring)
        }
        10 => {
            moments.push(Moment::OlderThan(draw.span()));
            (draw.of(&dated), Kind::TraitOlderThan)
        }
        11 => {
            moments.push(Moment::InNext(draw.span()));
            ("renews_at", Kind::TraitInNext)
        }
        12 => {
            anniversary = Some(0);
            ("birthday", Kind::Anniversary)
        }
        _ => {
            anniversary = Some(draw.of(&[1, 3, 7, 30, 200, 364]));
            ("birthday", Kind::AnniversaryInNext)
        }
    };
    Leaf { kinds: vec![kind], test: Test::Trait { path, tests, moments, anniversary } }
}

fn did(draw: &mut Draw) -> Did {
    let names = match draw.rng.u8(..10) {
        0 | 1 => vec!["any"],
        2..=4 => draw.some(EVENTS),
        _ => vec![draw.of(EVENTS)],
    };
    let filter = if draw.chance(30) { filter(draw) } else { Vec::new() };
    how_often(draw, Did { word: "event", names, filter, ..Did::NONE })
}

fn message(draw: &mut Draw) -> Leaf {
    let word = draw.of(&["received", "opened", "clicked"]);
    let names = if draw.chance(40) { vec!["any"] } else { draw.some(PROGRAMS) };
    let did = Did { word, names, ..Did::NONE };
    Leaf::of(if draw.chance(60) { how_often(draw, did) } else { did })
}

/// Adds times, a window, and tests on the first and the last.
fn how_often(draw: &mut Draw, mut did: Did) -> Did {
    if draw.chance(45) {
        let low = draw.rng.usize(1..=3);
        let high = draw.chance(40).then(|| low + draw.rng.usize(..3));
        did.times = Some((low, high));
    }
    if draw.chance(50) {
        did.within = Some(window(draw));
    }
    if draw.chance(25) {
        did.first = moments(draw);
    }
    if draw.chance(25) {
        did.last = moments(draw);
    }
    did
}

fn window(draw: &mut Draw) -> Window {
    if draw.chance(35) { Window::During(period(draw)) } else { Window::Last(draw.span()) }
}

fn period(draw: &mut Draw) -> Period {
    draw.of(&[Period::Day, Period::Day, Period::Week, Period::Month, Period::Year])
}

fn moments(draw: &mut Draw) -> Vec<Moment> {
    let older_than = draw.span();
    match draw.rng.u8(..4) {
        0 => vec![Moment::OlderThan(older_than)],
        1 => {
            let within = Window::Last(older_than + draw.span());
            vec![Moment::Within(within), Moment::OlderThan(older_than)]
        }
        _ => vec![Moment::Within(window(draw))],
    }
}

/// Tests on properties that every event in a history may have.
fn filter(draw: &mut Draw) -> Vec<(&'static str, Vec<ValueTest>)> {
    let category = |draw: &mut Draw| {
        ("products.category", vec![ValueTest::In(vec![Scalar::Text(draw.of(&["Wine", "Beer"]))])])
    };
    let total =
        |draw: &mut Draw| ("total", vec![ValueTest::Number(range(draw, &[1000, 2050, 4000]))]);
    match draw.rng.u8(..5) {
        0 => vec![category(draw)],
        1 => vec![total(draw)],
        2 => vec![total(draw), category(draw)],
        _ => vec![("color", vec![ValueTest::Contains(draw.of(&["re", "e", "blue"]))])],
    }
}

/// A range with one end or two.
fn range(draw: &mut Draw, ends: &[Cents]) -> Range {
    let (low, high) = (draw.of(ends), draw.of(ends));
    let (low, high) = (low.min(high), low.max(high));
    match draw.rng.u8(..6) {
        0 => Range { at_least: Some(low), ..Range::default() },
        1 => Range { more_than: Some(low), ..Range::default() },
        2 => Range { at_most: Some(high), ..Range::default() },
        3 => Range { less_than: Some(high), ..Range::default() },
        4 => Range { at_least: Some(low), at_most: Some(high), ..Range::default() },
        _ => Range { more_than: Some(low - 1), less_than: Some(high + 1), ..Range::default() },
    }
}

fn metric(draw: &mut Draw, shop: &mut Shop) -> Leaf {
    let event = draw.of(EVENTS);
    let property = draw.of(&["total", "total", "value", "rating"]);
    let (kind, named, ends): (_, _, &[Cents]) = match draw.rng.u8(..4) {
        0 => (Computed::Sum(property), Kind::MetricSum, &[0, 1, 1000, 2050, 4000, 8000]),
        1 => (Computed::Average(property), Kind::MetricAverage, &[1000, 1333, 2050, 3000]),
        2 => (Computed::Count, Kind::MetricCount, &[0, 100, 150, 200, 300, 500]),
        _ => (Computed::DaysSince, Kind::MetricDaysSince, &[0, 50, 100, 200, 250, 700, 3000]),
    };
    // What a cancelled order said of other things than its amount is not settled.
    let event = match kind {
        Computed::Sum("rating") | Computed::Average("rating") => "Wine Tasted",
        _ => event,
    };
    let filter = if draw.chance(25) { filter(draw) } else { Vec::new() };
    let windowed = draw.chance(60) && !matches!(kind, Computed::DaysSince);
    let window = windowed.then(|| draw.span());
    shop.metrics.push(Metric { kind, event, filter, window });
    let test = Test::Metric(shop.metrics.len() - 1, range(draw, ends));
    Leaf { kinds: vec![named], test }
}

fn score(draw: &mut Draw, shop: &mut Shop) -> Leaf {
    let mut points: Vec<(&str, Cents)> = Vec::new();
    for event in draw.some(EVENTS) {
        points.push((event, draw.of(&[50, 100, 500, 1000])));
    }
    shop.scores.push(Score { half_life: draw.span(), points });
    let test = Test::Score(shop.scores.len() - 1, range(draw, &[30, 100, 250, 500, 1000]));
    Leaf { kinds: vec![Kind::Score], test }
}

fn waiting(draw: &mut Draw) -> Leaf {
    let since = draw.some(&["Product Added", "Checkout Started", "Cart Viewed", "Wine Tasted"]);
    // An order also ends what the cart knows, so a wait for something else is not about the cart.
    let mut without = vec!["Order Completed"];
    if draw.chance(30) {
        without.push(draw.of(&["Product Viewed", "Page Viewed"]));
    }
    let after = draw.span() / 3 / SECOND * SECOND;
    let at_most = after + draw.span();
    Leaf { kinds: vec![Kind::Waiting], test: Test::Waiting { since, without, after, at_most } }
}

fn consent(draw: &mut Draw) -> Leaf {
    let channel = draw.of(&["email", "email", "sms", "push"]);
    let topic = draw.chance(50).then_some("news");
    let kind = if topic.is_some() { Kind::ConsentTopic } else { Kind::Consent };
    Leaf { kinds: vec![kind], test: Test::Consent { channel, topic } }
}

impl Did {
    const NONE: Self = Self {
        word: "event",
        names: Vec::new(),
        filter: Vec::new(),
        times: None,
        within: None,
        first: Vec::new(),
        last: Vec::new(),
    };
}

impl Leaf {
    fn of(did: Did) -> Self {
        let kind = |is: bool, kind| is.then_some(kind);
        let orders = did.names.contains(&"Order Completed");
        let kinds = [
            kind(did.word == "received", Kind::Received),
            kind(did.word == "opened", Kind::Opened),
            kind(did.word == "clicked", Kind::Clicked),
            kind(did.times.is_none() && did.within.is_none(), Kind::EventEver),
            kind(matches!(did.times, Some((2.., _))), Kind::EventAtLeast),
            kind(matches!(did.times, Some((_, Some(_)))), Kind::EventAtMost),
            kind(matches!(did.within, Some(Window::Last(_))), Kind::EventWithin),
            kind(matches!(did.within, Some(Window::During(_))), Kind::EventDuring),
            kind(!did.filter.is_empty(), Kind::EventWhere),
            kind(!did.first.is_empty(), Kind::EventFirst),
            kind(!did.last.is_empty(), Kind::EventLast),
            kind(did.word == "event" && did.names == ["any"], Kind::EventAny),
            kind(did.names.len() > 1, Kind::EventSeveral),
            kind(orders, Kind::Orders),
        ];
        Self { kinds: kinds.into_iter().flatten().collect(), test: Test::Event(did) }
    }
}
