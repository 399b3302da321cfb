//! `OpenVEX` documents as accepted advisories.

use lockgate_formats::{VexIgnore, VexStatus, read_openvex, vex_ignores};
use lockgate_gate::IgnoreEntry;
use lockgate_model::Specifiers;

use crate::disk::{self, Disk};
use crate::failure::Failure;

/// The entries that documents come to: what they say not to affect a product, or to be fixed in it, and no later statement takes back.
pub(crate) fn ignores(files: &[String]) -> Result<Vec<IgnoreEntry>, Failure> {
    let mut statements = Vec::new();
    for file in files {
        let text = disk::text(&Disk, file)?;
        let read = read_openvex(file, &text).map_err(|error| Failure::of_input(&error))?;
        statements.extend(read);
    }
    vex_ignores(&statements)
        .into_iter()
        .map(|ignore| entry(&ignore))
        .collect()
}

fn entry(ignore: &VexIgnore<'_>) -> Result<IgnoreEntry, Failure> {
    let statement = ignore.statement;
    let told = statement
        .impact_statement
        .as_deref()
        .or(statement.status_notes.as_deref());
    let reason = match (told, statement.status) {
        (Some(told), _) => told.to_owned(),
        (None, VexStatus::Fixed) => "fixed in this package".to_owned(),
        (None, _) => statement
            .justification
            .map_or_else(|| "not affected".to_owned(), |word| word.replace('_', " ")),
    };
    let versions = ignore
        .product
        .version
        .as_ref()
        .map(|version| format!("=={version}").parse::<Specifiers>())
        .transpose()
        .map_err(|error| Failure::new(format!("{}: {error}", statement.origin)))?;
    Ok(IgnoreEntry {
        ids: statement.ids.clone(),
        package: Some(ignore.product.name.clone()),
        versions,
        reason,
        justification: statement.justification.map(str::to_owned),
        group: None,
        expires: None,
        until_fixed: false,
        must_match: false,
        origin: statement.origin.clone(),
    })
}
