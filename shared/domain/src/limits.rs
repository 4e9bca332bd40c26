//! Every limit of the product, in one place. The docs publish them; the code refuses beyond them.

/// Bytes of a request's body on the wire: a compressed body reaches a Lambda function in base64,
/// whose payload is at most 6 MB.
pub const WIRE_BYTES: usize = 4_500_000;
/// Bytes of a request's body once inflated.
pub const BODY_BYTES: usize = 16 * 1024 * 1024;
/// Events in one request.
pub const EVENTS_PER_REQUEST: usize = 5_000;
/// Members of a segment in one answer of an audience: with eleven hashes each they fit into the 6 MB that
/// a Lambda function may answer, and Meta takes no more than 10,000 at a time.
pub const AUDIENCE: u16 = 8_000;
/// Bytes of an event's properties or traits that the history keeps.
pub const EVENT_BYTES: usize = 32 * 1024;
/// Levels of nesting in an event.
pub const NESTING: usize = 32;
/// Bytes of an id that a client sends, of an event's name, or of a trait's name.
pub const NAME_BYTES: usize = 256;
/// Bytes of a trait's value, as JSON.
pub const TRAIT_BYTES: usize = 2 * 1024;
/// Traits of a profile.
pub const TRAITS: usize = 100;
/// Push tokens of a profile; the oldest makes room.
pub const TOKENS: usize = 8;
/// Anonymous ids of a profile; further ones point to it, but are not listed.
pub const ANONYMOUS_IDS: usize = 16;
/// Consent records of a profile: channels × topics × addresses.
pub const CONSENTS: usize = 32;
/// Topics that customers can choose from; with three channels and the channels as a whole, some more
/// than half of the consent records that a profile keeps.
pub const TOPICS: usize = 8;
/// Different products in a cart.
pub const CART_ITEMS: usize = 20;
/// Changes to a cart that are kept one by one; older ones are folded together.
pub const CART_CHANGES: usize = 40;
/// Orders of a profile that are kept one by one; older ones are folded into a sum.
pub const ORDERS: usize = 64;
/// Values of one property of one event that are kept one by one, for sums over a window.
pub const VALUES: usize = 64;
/// Occurrences of an event that a rule may count in a window.
pub const TIMES: u16 = 64;
/// Nesting of a rule's groups.
pub const RULE_DEPTH: usize = 16;
/// Leaves of a rule.
pub const RULE_LEAVES: usize = 200;
/// Segments of a shop.
pub const SEGMENTS: usize = 200;
/// Programs of a shop.
pub const PROGRAMS: usize = 200;
/// Metrics, and scores, of a shop.
pub const METRICS: usize = 200;
/// Classes of a shop.
pub const CLASSES: usize = 20;
/// Metrics that a class crosses.
pub const AXES: usize = 3;
/// Bands into which a class cuts a metric.
pub const BANDS: u8 = 10;
/// Cells of a class.
pub const CELLS: usize = 64;
/// How many ranked customers a class can wait for before it takes quantiles.
pub const SMALL_SHOP: u16 = 10_000;
/// Metrics that a census looks at.
pub const CENSUS_METRICS: usize = 16;
/// Traits, consents and addresses that a census counts.
pub const CENSUS_FACTS: usize = 120;
/// Templates of a shop.
pub const TEMPLATES: usize = 500;
/// Partials of a shop.
pub const PARTIALS: usize = 200;
/// Segments of a text message that a policy can allow: SNS takes 1,600 characters, which are ten and
/// a half.
pub const SMS_SEGMENTS: u16 = 10;
/// Messages that an address remembers: with 25 bytes each they leave its row within one kilobyte, the
/// unit that its check in a claim costs anyway.
pub const BOOKINGS: usize = 32;
/// Products that a shop can name as its best sellers.
pub const BEST_SELLERS: usize = 50;
/// Products that a message can recommend.
pub const RECOMMENDATIONS: usize = 12;
/// Newest events that are looked through for products to recommend: one query of 1 MB at most.
pub const RECOMMENDATION_ROWS: usize = 300;
/// Products of which a census tells what is bought with them: those that most customers bought.
pub const AFFINITY_PRODUCTS: usize = 500;
/// Products that it names as bought together with one.
pub const AFFINITY_PARTNERS: usize = 8;
/// Customers who must have bought a product, and both of a pair: fewer may be chance, and tell of a
/// person.
pub const AFFINITY_SUPPORT: u32 = 3;
/// Histories that a census reads to learn what products are called: some seconds, of the minute that a
/// function has. One who bought much names up to 20.
pub const AFFINITY_HISTORIES: usize = 200;
/// Bytes of what products are called. With the partners they stay within one item of the store.
pub const AFFINITY_BYTES: usize = 256 * 1024;
/// Coupons of a shop.
pub const COUPONS: usize = 200;
/// Codes in one request that fills the pool of a coupon.
pub const CODES_PER_REQUEST: usize = 10_000;
/// Bytes of all definition files of a shop together: they are stored compressed in one item.
pub const DEFINITION_BYTES: usize = 2 * 1024 * 1024;
/// Nesting of a definition file.
pub const DEFINITION_DEPTH: usize = 64;
/// Bytes of a template's text.
pub const TEMPLATE_BYTES: usize = 256 * 1024;
/// Instants that one step passes through; a profile further behind needs another step.
pub const INSTANTS_PER_STEP: usize = 1_000;
/// Wake-ups that a profile remembers to be on its agenda. On the reference workload any
/// more save nothing.
pub const WAKE_UPS: usize = 3;
/// Messages that one step may start, as they share a transaction with the profile.
pub const MESSAGES_PER_STEP: usize = 20;
/// Events of one customer that are committed at once.
pub const COMMIT: usize = 16;
/// Event ids that a profile keeps before their rows are looked for, unless more are committed at once.
/// Looking takes one query, so fewer ids cost more queries, and more of them longer cores.
pub const RING: usize = 8;
/// Event ids that a profile keeps after their rows were found: the same id comes again soon, if it does,
/// and a client that dates each attempt anew is known by nothing else.
pub const SEEN: usize = 2;
/// History rows from which features are rebuilt; beyond, the newest count and the answer says so.
pub const BACKFILL_ROWS: usize = 10_000;

/// Days for which the trends of a census are kept.
pub const TREND_DAYS: u32 = 800;
