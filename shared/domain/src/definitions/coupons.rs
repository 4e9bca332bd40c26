//! Reads coupons.

use super::Definitions;
use super::mistake::Wrong;
use super::reader::Reader;
use super::source::Node;
use crate::coupon::{Code, Codes, Coupon, Expiry};
use crate::id::CouponId;

/// How many codes must be left for nobody to be told, if nothing else is said.
const LOW_STOCK: u64 = 100;

pub(super) fn read(reader: &mut Reader, definitions: &mut Definitions, nodes: &[&Node]) {
    for node in nodes {
        if let Some(coupon) = coupon(reader, definitions, node) {
            definitions.coupons.insert(coupon.id.clone(), coupon);
        }
    }
}

fn coupon(reader: &mut Reader, definitions: &Definitions, node: &Node) -> Option<Coupon> {
    let mut members = reader.members(node)?;
    let id = reader.required(&mut members, "id");
    let codes = reader.required(&mut members, "codes");
    let [code, expires, low_stock] = ["code", "expires", "low_stock"].map(|key| members.get(key));
    reader.finish(&members);
    let id = reader.parsed(id?, CouponId::parse)?;
    let unique = reader.word(codes?, &[("unique", true), ("static", false)])?;
    let codes = match (unique, code) {
        (true, None) => Codes::Unique,
        (true, Some(node)) => {
            let wrong =
                "unique codes are loaded into the pool of the coupon, so there is no `code`";
            return reader.refuse(&node.place, Wrong::Invalid(wrong.to_owned()));
        }
        (false, None) => return reader.refuse(&node.place, Wrong::Missing("code")),
        (false, Some(node)) => Codes::Static(reader.parsed(node, Code::parse)?),
    };
    let zone = &definitions.shop.zone;
    let expires = match expires {
        Some(node) => Some(reader.parsed(node, |text| Expiry::parse(text, zone))?),
        None => None,
    };
    let low_stock = match low_stock {
        Some(node) => match node.text().and_then(|text| text.parse().ok()) {
            Some(number) => number,
            None => return reader.refuse(&node.place, Wrong::Expected("a whole number")),
        },
        None => LOW_STOCK,
    };
    Some(Coupon { id, codes, expires, low_stock })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::definitions::{Definitions, Lineage};

    #[track_caller]
    fn check(coupon: &str, expected: Expect) {
        let text = format!(
            "segments: [{{ id: s, when: {{ event: x }} }}]\n\
             templates: [{{ id: t, sms: '{{{{ coupon.code }}}}' }}]\n\
             programs: [{{ id: p, enter: s, again: never, send: {{ template: t, coupon: ten }} }}]\n\
             coupons:\n  - {coupon}\n"
        );
        let told = match Definitions::read(&[("shop.yaml", &text)], &Lineage::default()) {
            Ok(definitions) => format!("{:?}", definitions.coupons.values().next().unwrap().codes),
            Err(mistakes) => mistakes.iter().map(|m| format!("{m}\n")).collect(),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn a_coupon_is_read_or_its_mistakes_are_told_with_their_place() {
        check("{ id: ten, codes: unique, expires: 2026-12-31 }", expect!["Unique"]);
        check("{ id: ten, codes: static, code: SAVE10 }", expect![[r#"Static(Code("SAVE10"))"#]]);
        check(
            "{ id: ten, codes: static }",
            expect![[r"
                shop.yaml:5:5: `code` is missing
            "]],
        );
        check(
            "{ id: ten, codes: unique, code: SAVE10 }",
            expect![[r"
                shop.yaml:5:37: unique codes are loaded into the pool of the coupon, so there is no `code`
            "]],
        );
        check(
            "{ id: ten, codes: unique, expires: soon }",
            expect![[r"
                shop.yaml:5:40: `soon` is not a day; write it like 2026-12-31
            "]],
        );
        check(
            "{ id: teen, codes: uniqe, low_stok: 5 }",
            expect![[r"
                shop.yaml:3:74: there is no coupon `ten`; did you mean `teen`?
                shop.yaml:5:24: `uniqe` is not one of `unique`, `static`
                shop.yaml:5:31: `low_stok` means nothing here; did you mean `low_stock`?
            "]],
        );
    }
}
