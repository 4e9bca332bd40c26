//! The seven tables, defined once: tests, `attune` and the check of the template read it here.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use super::{Store, StoreError};

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One item per part of a profile.
    Profiles,
    /// The history: one row per event.
    Events,
    /// Wake-ups by due time.
    Agenda,
    /// Who is in which segment.
    Memberships,
    /// Outbox and send ledger.
    Messages,
    /// What is known of an address: whose it is, and whether it must not be written to.
    Addresses,
    /// Definitions, cursors, passes, problems.
    Workspace,
}

/// A key: the names of its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyNames {
    /// Decides the partition; a text.
    pub partition: &'static str,
    /// The order within it, a text in tables and a number in the index.
    pub sort: Option<&'static str>,
}

/// The index of messages that are due: sparse, as settled messages leave it.
pub const DUE_INDEX: &str = "due";
/// Its key. Only keys are in it, so that changing anything else costs no second write.
pub const DUE_KEY: KeyNames = KeyNames { partition: "queue", sort: Some("due") };
/// The attribute by which expired items are deleted, in tables that have one.
pub const TTL: &str = "expires";

impl Table {
    /// All tables.
    pub const ALL: [Self; 7] = [
        Self::Profiles,
        Self::Events,
        Self::Agenda,
        Self::Memberships,
        Self::Messages,
        Self::Addresses,
        Self::Workspace,
    ];

    /// The end of its name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Profiles => "profiles",
            Self::Events => "events",
            Self::Agenda => "agenda",
            Self::Memberships => "memberships",
            Self::Messages => "messages",
            Self::Addresses => "addresses",
            Self::Workspace => "workspace",
        }
    }

    /// Its key.
    pub const fn key(self) -> KeyNames {
        let (partition, sort) = match self {
            Self::Profiles => ("customer", Some("part")),
            Self::Events => ("id", Some("at")),
            Self::Agenda => ("shard", Some("due")),
            Self::Memberships => ("segment", Some("customer")),
            Self::Messages => ("id", None),
            Self::Addresses => ("address", None),
            Self::Workspace => ("kind", Some("id")),
        };
        KeyNames { partition, sort }
    }

    /// Whether items in it expire.
    pub const fn expires(self) -> bool {
        !matches!(self, Self::Profiles | Self::Addresses)
    }
}

impl Store {
    /// Creates every table that is not there. In the cloud the template does this.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        for table in Table::ALL {
            self.create_table(table).await?;
        }
        Ok(())
    }

    async fn create_table(&self, table: Table) -> Result<(), StoreError> {
        let mut call = self
            .client
            .create_table()
            .table_name(self.table(table))
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(table.key())?))
            .set_attribute_definitions(Some(texts(table.key())?));
        if table == Table::Messages {
            let projection =
                Projection::builder().projection_type(ProjectionType::KeysOnly).build();
            let index = GlobalSecondaryIndex::builder()
                .index_name(DUE_INDEX)
                .set_key_schema(Some(key_schema(DUE_KEY)?))
                .projection(projection)
                .build()
                .map_err(StoreError::bug)?;
            call = call
                .global_secondary_indexes(index)
                .attribute_definitions(attribute(DUE_KEY.partition, ScalarAttributeType::S)?)
                .attribute_definitions(attribute("due", ScalarAttributeType::N)?);
        }
        match call.send().await {
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), CreateTableError::ResourceInUseException(_)) =>
            {
                return Ok(());
            }
            created => created.map_err(StoreError::of)?,
        };
        if table.expires() {
            let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build();
            let call = self.client.update_time_to_live().table_name(self.table(table));
            let ttl = ttl.map_err(StoreError::bug)?;
            call.time_to_live_specification(ttl).send().await.map_err(StoreError::of)?;
        }
        Ok(())
    }
}

fn key_schema(key: KeyNames) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
    };
    let mut schema = vec![element(key.partition, KeyType::Hash).map_err(StoreError::bug)?];
    if let Some(sort) = key.sort {
        schema.push(element(sort, KeyType::Range).map_err(StoreError::bug)?);
    }
    Ok(schema)
}

fn texts(key: KeyNames) -> Result<Vec<AttributeDefinition>, StoreError> {
    let names = [Some(key.partition), key.sort];
    names.into_iter().flatten().map(|name| attribute(name, ScalarAttributeType::S)).collect()
}

fn attribute(name: &str, kind: ScalarAttributeType) -> Result<AttributeDefinition, StoreError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(kind)
        .build()
        .map_err(StoreError::bug)
}
