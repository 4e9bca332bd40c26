//! What pages say, language by language. `{shop}`, `{channel}`, `{topic}` and `{address}` stand for
//! names.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod nl;
mod pt;

use attune_aws::store::Stored;
use attune_domain::card::Card;
use attune_domain::channel::Channel;
use axum::http::{HeaderMap, header};

/// What pages say in one language.
#[derive(Debug)]
pub(crate) struct Words {
    /// The language: a tag of BCP 47.
    pub(crate) tag: &'static str,
    /// What people who speak it call it.
    pub(crate) own_name: &'static str,
    /// E-mail, text and push messages, in the plural.
    pub(crate) channels: [&'static str; 3],

    pub(crate) unsubscribe: &'static str,
    pub(crate) unsubscribe_ask: &'static str,
    pub(crate) unsubscribed: &'static str,
    pub(crate) not_this: &'static str,
    pub(crate) not_this_done: &'static str,
    pub(crate) less: &'static str,
    pub(crate) less_done: &'static str,
    pub(crate) mistake: &'static str,

    pub(crate) confirm: &'static str,
    pub(crate) confirm_ask: &'static str,
    pub(crate) confirm_ask_topic: &'static str,
    pub(crate) confirm_button: &'static str,
    pub(crate) confirmed: &'static str,
    pub(crate) too_late: &'static str,
    pub(crate) too_late_told: &'static str,
    pub(crate) said_no: &'static str,
    pub(crate) said_no_told: &'static str,

    pub(crate) preferences: &'static str,
    pub(crate) allow: &'static str,
    pub(crate) about: &'static str,
    pub(crate) order: &'static str,
    pub(crate) places: [&'static str; 3],
    pub(crate) no_matter: &'static str,
    pub(crate) frequency: &'static str,
    pub(crate) normal: &'static str,
    pub(crate) language: &'static str,
    pub(crate) quiet: &'static str,
    pub(crate) quiet_from: &'static str,
    pub(crate) quiet_until: &'static str,
    pub(crate) save: &'static str,
    pub(crate) saved: &'static str,

    pub(crate) not_found: &'static str,
    pub(crate) not_found_told: &'static str,
    pub(crate) unreadable: &'static str,
    pub(crate) unreadable_told: &'static str,
    pub(crate) try_again: &'static str,
    pub(crate) try_again_told: &'static str,
}

impl Words {
    /// All languages; the first is for whoever asks for none of them.
    pub(crate) const ALL: [&'static Self; 7] =
        [&en::WORDS, &de::WORDS, &es::WORDS, &fr::WORDS, &it::WORDS, &nl::WORDS, &pt::WORDS];

    /// The language of a customer: the one they stated, else the one their browser asks for.
    pub(crate) fn of(card: &Card, headers: &HeaderMap) -> &'static Self {
        let stated = card.preference().language;
        let stated = stated.and_then(|tag| Self::tagged(&tag));
        stated.unwrap_or_else(|| Self::asked_for(headers))
    }

    /// What a topic is called on a page for a customer: in the language they stated, if the page is in it.
    pub(crate) fn topic<'t>(&self, stored: &'t Stored, id: Option<&'t str>) -> &'t str {
        let Some(id) = id else { return "" };
        let language = stored.profile.card.preference().language;
        let spoken = |tag: &&str| Self::tagged(tag).is_some_and(|words| words.tag == self.tag);
        let language = language.as_deref().filter(spoken).unwrap_or(self.tag);
        stored.definitions.policy.topic_name(id, language)
    }

    /// The language that a browser asks for. Browsers name the best one first.
    pub(crate) fn asked_for(headers: &HeaderMap) -> &'static Self {
        let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let mut tags = asked.unwrap_or_default().split(',');
        tags.find_map(Self::tagged).unwrap_or(&en::WORDS)
    }

    /// `pt`, `pt-BR`, `pt_BR;q=0.5`.
    fn tagged(tag: &str) -> Option<&'static Self> {
        let tag = tag.trim().split(['-', '_', ';']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|words| words.tag == tag)
    }

    /// Messages on a channel.
    pub(crate) fn channel(&self, channel: Channel) -> &'static str {
        let [email, sms, push] = self.channels;
        match channel {
            Channel::Email => email,
            Channel::Sms => sms,
            Channel::Push => push,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_tag_whatever_stands_behind_it() {
        for (asked, tag) in [
            ("", "en"),
            ("fr", "fr"),
            ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
            ("ja, de;q=0.5", "de"),
            ("NL_be", "nl"),
        ] {
            let headers = [(header::ACCEPT_LANGUAGE, asked.parse().unwrap())].into_iter().collect();
            assert_eq!(Words::asked_for(&headers).tag, tag, "{asked}");
        }
    }

    #[test]
    fn every_language_has_the_same_names_in_the_same_sentences() {
        let names = |sentence: &str| -> Vec<String> {
            let names = sentence.split('{').skip(1).filter_map(|rest| rest.split('}').next());
            let mut names: Vec<String> = names.map(str::to_owned).collect();
            names.sort();
            names
        };
        let sentences = |words: &Words| {
            [
                words.unsubscribe_ask,
                words.unsubscribed,
                words.not_this,
                words.not_this_done,
                words.less_done,
                words.confirm_ask,
                words.confirm_ask_topic,
                words.confirmed,
                words.too_late_told,
                words.said_no_told,
                words.allow,
                words.about,
            ]
            .map(names)
        };
        for words in Words::ALL {
            assert_eq!(sentences(words), sentences(&en::WORDS), "{}", words.tag);
        }
    }
}
