//! The starter pack: segments, programs and messages that work on day one.
//!
//! They are definition files like any other, so that a shop begins by reading and changing them.

/// The files, by name. Each stands for itself, so that one can be replaced by a file of that name.
pub const FILES: [(&str, &str); 19] = [
    ("settings.yaml", include_str!("../starter/settings.yaml")),
    ("measures.yaml", include_str!("../starter/measures.yaml")),
    ("segments.yaml", include_str!("../starter/segments.yaml")),
    ("classes.yaml", include_str!("../starter/classes.yaml")),
    ("programs.yaml", include_str!("../starter/programs.yaml")),
    ("coupons.yaml", include_str!("../starter/coupons.yaml")),
    ("templates/layout.yaml", include_str!("../starter/templates/layout.yaml")),
    (
        "templates/confirm-subscription.yaml",
        include_str!("../starter/templates/confirm-subscription.yaml"),
    ),
    (
        "templates/confirm-subscription.fr.yaml",
        include_str!("../starter/templates/confirm-subscription.fr.yaml"),
    ),
    ("templates/welcome.yaml", include_str!("../starter/templates/welcome.yaml")),
    ("templates/welcome.fr.yaml", include_str!("../starter/templates/welcome.fr.yaml")),
    ("templates/first-order.yaml", include_str!("../starter/templates/first-order.yaml")),
    ("templates/first-order.fr.yaml", include_str!("../starter/templates/first-order.fr.yaml")),
    ("templates/win-back.yaml", include_str!("../starter/templates/win-back.yaml")),
    ("templates/win-back.fr.yaml", include_str!("../starter/templates/win-back.fr.yaml")),
    ("templates/loyal-thanks.yaml", include_str!("../starter/templates/loyal-thanks.yaml")),
    ("templates/loyal-thanks.fr.yaml", include_str!("../starter/templates/loyal-thanks.fr.yaml")),
    ("templates/cart-reminder.yaml", include_str!("../starter/templates/cart-reminder.yaml")),
    ("templates/cart-reminder.fr.yaml", include_str!("../starter/templates/cart-reminder.fr.yaml")),
];

#[cfg(test)]
mod tests;
