//! Orders of a shop: CDNOW's, which are part of this program, or those of a CSV file.

use std::path::Path;

use attune_domain::number::Number;
use attune_domain::time::Timestamp;

use crate::Failure;

/// The one-in-ten sample of CDNOW, as published by Fader and Hardie; `tests/data/cdnow` says more.
const CDNOW: &str = include_str!("../../../../tests/data/cdnow/CDNOW_sample.txt");
/// Orders of a file that are played. The demo is for looking at; the event API takes more.
const MOST: usize = 1_000_000;

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    /// Its id.
    pub(super) id: String,
    /// Who ordered.
    pub(super) customer: String,
    /// When. Midnight if only the day is known.
    pub(super) at: Timestamp,
    /// Whether only the day is known.
    pub(super) day_only: bool,
    /// What it came to.
    pub(super) amount: Number,
    /// How many things.
    pub(super) units: u32,
    /// Where the customer lives, if the file says so.
    pub(super) country: Option<String>,
}

/// CDNOW's orders, the earliest first.
pub(super) fn cdnow() -> Result<Vec<Order>, Failure> {
    let orders = CDNOW.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    orders
        .map(|(line, number)| {
            cdnow_order(line, number).ok_or_else(|| {
                Failure::Input(format!("CDNOW_sample.txt:{number}: not an order: `{line}`"))
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .map(sorted)
}

/// `master id, sample id, yyyymmdd, number of CDs, dollars`.
fn cdnow_order(line: &str, number: u32) -> Option<Order> {
    let [_, customer, day, units, amount] =
        line.split_whitespace().collect::<Vec<_>>().try_into().ok()?;
    Some(Order {
        id: format!("cdnow-{number:05}"),
        customer: customer.to_owned(),
        at: instant(day)?.0,
        day_only: true,
        amount: Number::parse(amount)?,
        units: units.parse().ok()?,
        country: None,
    })
}

/// A column and the names it may have, in small letters without blanks.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("customer", &["customer", "customerid", "userid", "client", "email"]),
    ("date", &["date", "orderdate", "invoicedate", "createdat", "timestamp", "time"]),
    ("amount", &["amount", "total", "revenue", "value", "totalprice", "price"]),
    ("order id", &["order", "orderid", "id", "invoice", "invoiceno", "ordernumber"]),
    ("units", &["units", "quantity", "qty", "items"]),
    ("country", &["country", "countrycode"]),
];
/// How many of these there must be.
const NEEDED: usize = 3;

/// Orders of a CSV file, the earliest first; and how many rows were left out, as they cost
/// nothing or less, or their customer is not named.
pub(super) fn csv(path: &Path) -> Result<(Vec<Order>, usize), Failure> {
    let text = std::fs::read(path).map_err(|why| Failure::file(path, why))?;
    let separator = separator(&text);
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_slice());
    let header = reader.headers().map_err(|why| Failure::file(path, why))?.clone();
    let columns = columns(path, &header)?;
    let (mut orders, mut left_out) = (Vec::new(), 0);
    for (at, row) in reader.records().enumerate().take(MOST) {
        let row = row.map_err(|why| Failure::file(path, why))?;
        let row = order(&row, &columns, separator, at + 2);
        match row.map_err(|why| Failure::file(path, why))? {
            Some(order) => orders.push(order),
            None => left_out += 1,
        }
    }
    if orders.is_empty() {
        return Err(Failure::file(path, "there are no orders in it"));
    }
    Ok((sorted(orders), left_out))
}

/// What stands between the columns: of comma, semicolon and tab the one that the head has most of.
fn separator(text: &[u8]) -> u8 {
    let head = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| head.split(|byte| byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

fn columns(path: &Path, header: &csv::StringRecord) -> Result<[Option<usize>; 6], Failure> {
    let plain = |name: &str| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let find = |names: &[&str]| {
        let place = |name: &&str| {
            header.iter().position(|column| {
                let column = plain(column);
                column == **name || column.strip_prefix(*name).is_some_and(is_currency)
            })
        };
        names.iter().find_map(place)
    };
    let columns = COLUMNS.map(|(_, names)| find(names));
    for ((what, names), found) in COLUMNS.iter().zip(&columns).take(NEEDED) {
        if found.is_none() {
            let why = format!(
                "there is no column for the {what}; call one of them {}",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            );
            return Err(Failure::file(path, why));
        }
    }
    Ok(columns)
}

/// `total_gbp` is a total.
fn is_currency(rest: &str) -> bool {
    rest.len() == 3 && rest.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn order(
    row: &csv::StringRecord,
    columns: &[Option<usize>; 6],
    separator: u8,
    line: usize,
) -> Result<Option<Order>, String> {
    let [customer, date, amount, id, units, country] =
        columns.map(|column| column.and_then(|at| row.get(at)).map_or("", str::trim));
    if customer.is_empty() {
        return Ok(None);
    }
    let (at, day_only) =
        instant(date).ok_or_else(|| format!("line {line}: `{date}` is not a date"))?;
    // Where columns are not parted by commas, decimals may be.
    let decimal_comma = separator != b',' && !amount.contains('.');
    let parsed = if decimal_comma { amount.replacen(',', ".", 1) } else { amount.to_owned() };
    let amount = Number::parse(&parsed)
        .ok_or_else(|| format!("line {line}: `{amount}` is not an amount"))?;
    if amount <= Number::ZERO {
        return Ok(None);
    }
    Ok(Some(Order {
        id: if id.is_empty() { format!("line-{line}") } else { id.to_owned() },
        customer: customer.to_owned(),
        at,
        day_only,
        amount,
        units: units.parse().unwrap_or(1).max(1),
        country: Some(country.to_owned()).filter(|country| !country.is_empty()),
    }))
}

/// An instant, and whether it is only a day: `19970101`, `1997-01-01`, `1997-01-01 08:26:00`, with
/// or without a `T` and a zone.
fn instant(text: &str) -> Option<(Timestamp, bool)> {
    let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = match (digits, text.get(..4), text.get(4..6), text.get(6..)) {
        (true, Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => text.replacen(' ', "T", 1),
    };
    let day_only = text.len() == 10;
    let zoned = text.ends_with('Z') || text.get(11..).is_some_and(|time| time.contains(['+', '-']));
    let text = match (day_only, zoned) {
        (true, _) => format!("{text}T00:00:00Z"),
        (false, true) => text,
        (false, false) if text.len() == 16 => format!("{text}:00Z"),
        (false, false) => format!("{text}Z"),
    };
    Timestamp::parse(&text).ok().map(|at| (at, day_only))
}

fn sorted(mut orders: Vec<Order>) -> Vec<Order> {
    orders.sort_by_key(|order| order.at);
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cdnow_is_what_its_authors_published() {
        let orders = cdnow().unwrap();
        let customers: std::collections::BTreeSet<_> =
            orders.iter().map(|order| &order.customer).collect();
        assert_eq!((orders.len(), customers.len()), (6_919, 2_357));
    }

    fn read(text: &str) -> Result<(Vec<Order>, usize), String> {
        let file = std::env::temp_dir().join(format!("attune-orders-{}.csv", fastrand::u64(..)));
        std::fs::write(&file, text).unwrap();
        let read = csv(&file).map_err(|error| error.to_string());
        std::fs::remove_file(&file).unwrap();
        read
    }

    #[test]
    fn columns_are_found_by_name() {
        let text = "Invoice No,Customer_ID,Invoice Date,total_gbp\n7,42,2010-12-01T08:26:00,139.12";
        let (orders, _) = read(text).unwrap();
        assert_eq!((orders[0].id.as_str(), orders[0].customer.as_str()), ("7", "42"));
        assert_eq!(orders[0].at.to_string(), "2010-12-01T08:26:00.000Z");
        assert_eq!(orders[0].amount, Number::from_cents(13_912));
    }

    #[test]
    fn columns_may_be_parted_by_semicolons_and_decimals_by_commas() {
        let (orders, _) = read("customer;date;amount\n42;2010-12-01;139,12").unwrap();
        assert_eq!(orders[0].amount, Number::from_cents(13_912));
        let (orders, _) = read("customer\tdate\tamount\n42\t2010-12-01\t139.12").unwrap();
        assert_eq!(orders[0].amount, Number::from_cents(13_912));
        let error = read("customer,date,amount\n42,2010-12-01,\"139,12\"").unwrap_err();
        assert!(error.ends_with("line 2: `139,12` is not an amount"), "{error}");
    }

    #[test]
    fn a_row_that_cannot_be_read_is_named() {
        let error = read("customer,date,amount\n42,2010-12-01,1\n42,yesterday,1").unwrap_err();
        assert!(error.ends_with("line 3: `yesterday` is not a date"), "{error}");
        let error = read("customer,amount\n42,1").unwrap_err();
        assert!(error.contains("there is no column for the date"), "{error}");
    }
}
