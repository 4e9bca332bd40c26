//! What is bought together, as bytes.

use super::{Affinities, Partner, Sold};
use crate::cart::Product;
use crate::packed::Unreadable;
use crate::packed::bytes::{Reader, Writer};
use crate::time::Timestamp;

/// The first byte. A change of the layout gets another.
const FORMAT: u64 = 1;

impl Affinities {
    /// As bytes: at most [`limits::AFFINITY_BYTES`] of products, and a dozen for each partner.
    ///
    /// [`limits::AFFINITY_BYTES`]: crate::limits::AFFINITY_BYTES
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Writer::new(Timestamp::default());
        out.number(FORMAT);
        out.number(self.census.into());
        out.instant(self.at);
        out.number(self.customers.into());
        out.length(self.products.len());
        for Sold { product, buyers, partners } in &self.products {
            out.text(&product.id);
            out.length(product.details.len());
            for (name, value) in &product.details {
                out.text(name);
                out.text(&value.to_string());
            }
            out.number((*buyers).into());
            out.length(partners.len());
            for Partner { place, both, score } in partners {
                [u32::from(*place), *both, *score].into_iter().for_each(|n| out.number(n.into()));
            }
        }
        out.finish()
    }

    /// From bytes.
    pub fn unpack(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut input = Reader::new(bytes);
        if input.number()? != FORMAT {
            return Err(Unreadable);
        }
        let (census, at) = (input.number32()?, input.instant()?);
        let (customers, products) = (input.number32()?, input.list(unpack_sold)?);
        Ok(Self::new(census, at, customers, products))
    }
}

fn unpack_sold(input: &mut Reader<'_>) -> Result<Sold, Unreadable> {
    let id = input.text()?.to_owned();
    let details = input.list(|input| {
        let name = input.text()?.to_owned();
        Ok((name, serde_json::from_str(input.text()?).map_err(|_| Unreadable)?))
    })?;
    let product = Product { id, details: details.into_iter().collect() };
    let buyers = input.number32()?;
    Ok(Sold { product, buyers, partners: input.list(unpack_partner)? })
}

fn unpack_partner(input: &mut Reader<'_>) -> Result<Partner, Unreadable> {
    let place = u16::try_from(input.number()?).map_err(|_| Unreadable)?;
    Ok(Partner { place, both: input.number32()?, score: input.number32()? })
}
