//! Every import that a built-in kind states: a plan writes it, a system that applies it is left with
//! nothing to do, and kinds without one say why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sameas::ingest::kind::{EntitySpec, FileForm, IdForm, ImportColumn, ImportSpec, Kind};
use sameas::model::EntityKind;
use sameas::report::written_back;
use serde_json::Value;

use super::kinds::catalog;
use super::policy::crm_id;
use super::support::{Bench, NAMES};

/// A record of an export: column (or path) and value.
type Row = BTreeMap<String, String>;

/// The system that knows everything.
const MASTER: &str = r#"
name = "master"
system = "master"
title = "Master data"
certainty = "seen"
[detect]
signature = [{ all = ["Master No"] }]
[[record]]
object = "party"
entity = { at = "type", person = ["p"], organization = ["o"] }
id = { at = "Master No", required = true }
name = [{ given = "given_name", middle = "middle_name", family = "family_name", title = "title", suffix = "suffix" }]
email = ["email"]
phone = ["phone"]
company = ["company"]
job_title = ["job_title"]
date_of_birth = ["date_of_birth"]
website = ["website"]
tax_id = ["tax_id"]
address = [{ line = "address_line", line2 = "address_line2", city = "city", region = "region", postcode = "postcode", country = "country" }]
consent = [
  { channel = "email", at = "consent.email.marketing" },
  { channel = "sms", at = "consent.sms.marketing" },
  { channel = "phone", at = "consent.phone.marketing" },
  { channel = "fax", at = "consent.fax.marketing" },
]
"#;

/// Fields of the master data, and what they say of the n-th party.
fn fields(n: usize, organization: bool) -> Row {
    let (given, family) = NAMES[n];
    let mut row = Row::new();
    let mut say = |field: &str, value: String| row.insert(field.to_owned(), value);
    if organization {
        let word = family.to_lowercase();
        say("company", format!("{family} {given} Instruments GmbH"));
        say("email", format!("office@{word}-instruments.com"));
        say("website", format!("https://{word}-instruments.com"));
        say("phone", format!("+1415555{:04}", 7000 + n));
        say("tax_id", format!("DE13669597{}", 6 - n % 2 * 6));
    } else {
        say("given_name", given.to_owned());
        say("middle_name", "Quentin".to_owned());
        say("family_name", family.to_owned());
        say("title", "Dr".to_owned());
        say("suffix", "Jr".to_owned());
        say("email", format!("{given}.{family}@example.org").to_lowercase());
        say("phone", format!("+1415555{:04}", 2000 + n));
        say("company", format!("{family} Works"));
        say("job_title", "Buyer".to_owned());
        say("date_of_birth", format!("19{}-03-17", 60 + n));
        say("website", format!("https://{}.net", family.to_lowercase()));
        say("tax_id", "DE136695976".to_owned());
    }
    say("address_line", format!("{} {family} Street", 10 + n));
    say("address_line2", format!("Floor {}", 1 + n));
    say("city", "Oakland".to_owned());
    say("region", "CA".to_owned());
    say("postcode", format!("946{n:02}"));
    say("country", "US".to_owned());
    for channel in ["email", "sms", "phone", "fax"] {
        say(&format!("consent.{channel}.marketing"), "no".to_owned());
    }
    row
}

/// Fields that survive together.
fn group(field: &str) -> &str {
    match field {
        "full_name" | "given_name" | "middle_name" | "family_name" | "title" | "suffix" => "name",
        "address_line" | "address_line2" | "city" | "region" | "postcode" | "country" => "address",
        other => other,
    }
}

/// An import under test, with the export that it is to mend.
struct Case<'c> {
    kind: &'c Kind,
    /// The import that it is named after, and others that take the same records.
    import: &'c ImportSpec,
    imports: Vec<&'c ImportSpec>,
    organization: bool,
    rows: Vec<Row>,
}

impl<'c> Case<'c> {
    fn new(kind: &'c Kind, import: &'c ImportSpec) -> Self {
        let takes = |i: &ImportSpec| (i.object.clone(), i.entity, i.ids);
        let same = kind.spec.import.iter().filter(|other| takes(other) == takes(import));
        let imports: Vec<&ImportSpec> = same.collect();
        let record = kind.spec.record.iter().find(|record| record.object == import.object).unwrap();
        let organization = match import.entity {
            Some(entity) => entity == EntityKind::Organization,
            None => matches!(record.entity, EntitySpec::Organization),
        };
        let mut case = Self { kind, import, imports, organization, rows: Vec::new() };
        let groups: BTreeSet<&str> =
            case.columns().filter(|c| !c.fixed).map(|c| group(&c.field.0[0])).collect();
        let finds: Vec<&str> = import
            .column
            .iter()
            .filter(|c| import.find_by.contains(&c.name))
            .map(|c| group(&c.field.0[0]))
            .collect();
        let groups: Vec<&str> = groups.into_iter().filter(|g| !finds.contains(g)).collect();
        for n in 0..NAMES.len() {
            // What two records are known by is never missing in one of them together.
            case.rows.push(case.row(n, n, groups[n % groups.len()]));
        }
        if case.merges() {
            case.rows.push(case.row(0, NAMES.len(), ""));
        }
        case
    }

    fn source(&self) -> String {
        format!("{}.{}", self.kind.spec.name, self.import.name)
    }

    fn id(&self, n: usize) -> String {
        let family = &*self.kind.spec.name;
        match (self.import.object.as_str(), self.import.ids) {
            (_, Some(IdForm::Other)) => format!("shop.record_{n}"),
            ("contact", _) if family == "salesforce-contacts" => crm_id(n),
            ("account", _) if family == "salesforce-accounts" => {
                crm_id(n).replacen("003", "001", 1)
            }
            // The end of an id is a checksum of its case.
            ("lead", _) if family == "salesforce-leads" => {
                crm_id(n).replacen("003", "00Q", 1).replace("IAA", "MAA")
            }
            _ => format!("{}", 770_100 + n),
        }
    }

    /// The columns of all its imports.
    fn columns(&self) -> impl Iterator<Item = &'c ImportColumn> {
        self.imports.clone().into_iter().flat_map(|import| &import.column)
    }

    /// The column of the record's id; none where exports of the kind hold none.
    fn id_column(&self) -> Option<&str> {
        match (&self.import.key, &*self.kind.spec.name) {
            (Some(key), _) => Some(key),
            (None, "activecampaign-contacts") => Some("ID"),
            (None, "intercom-contacts") => Some("intercom_id"),
            (None, "klaviyo-profiles") => Some("Klaviyo ID"),
            (None, "mailchimp-audience") => Some("LEID"),
            (None, "shopify-customers") => Some("Customer ID"),
            (None, "hubspot-contacts") => Some("Record ID"),
            (None, _) => None,
        }
    }

    /// Whether it can be told which records are to be merged.
    fn merges(&self) -> bool {
        self.import.merge.is_some() && self.id_column().is_some()
    }

    /// The n-th party, without permissions and one group of fields.
    fn row(&self, party: usize, n: usize, without: &str) -> Row {
        let known = fields(party, self.organization);
        let mut row = Row::new();
        if let Some(column) = self.id_column() {
            row.insert(column.to_owned(), self.id(n));
        }
        for column in self.columns() {
            let of = group(&column.field.0[0]);
            // Without a name a company is taken for another kind of record, and so is a person who
            // has a company's name instead.
            let renamed = self.organization && without == "company" && of == without;
            let told = !of.starts_with("consent.")
                && (of != without || renamed)
                && (of != "company" || without != "name");
            let mut cell = String::new();
            if told {
                cell = self.said(&known, &column.field.0, column.join.as_deref());
            }
            if renamed {
                cell = format!("Former {cell}");
            }
            row.insert(column.name.clone(), cell);
        }
        let more: &[(&str, &str)] =
            match (&*self.kind.spec.name, &*self.import.object, self.organization) {
                ("business-central-customers", "contact", false) => {
                    &[("type", "Person"), ("privacyBlocked", "false")]
                }
                ("business-central-customers", "contact", true) => {
                    &[("type", "Company"), ("privacyBlocked", "false")]
                }
                ("business-central-customers", _, false) => &[("type", "Person")],
                ("business-central-customers", _, true) => &[("type", "Company")],
                ("odoo-partners", _, true) => &[("is_company", "True")],
                ("netsuite-customers", _, false) => &[("Is Individual", "Yes")],
                ("netsuite-customers", _, true) => &[("Is Individual", "No")],
                ("sap-partners", _, false) => &[("CompanyPrivate", "cPrivate")],
                ("sap-partners", _, true) => &[("CompanyPrivate", "cCompany")],
                ("recharge-customers", "address", _) => &[("customer_id", "1")],
                ("zoho-json", "lead", _) => &[("Lead_Status", "New")],
                ("salesforce-accounts", _, organization) => {
                    &[("IsPersonAccount", if organization { "false" } else { "true" })]
                }
                _ => &[],
            };
        row.extend(more.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())));
        row
    }

    /// What a column says of a party.
    fn said(&self, known: &Row, field: &[String], join: Option<&str>) -> String {
        let parts: Vec<String> = field
            .iter()
            .filter_map(|field| match field.as_str() {
                "full_name" => Some(
                    ["given_name", "middle_name", "family_name"]
                        .map(|f| known[f].clone())
                        .join(" "),
                ),
                "other._website" => Some("base".to_owned()),
                field => known.get(field).cloned(),
            })
            .collect();
        parts.join(join.unwrap_or(", "))
    }

    fn file(&self) -> (String, String) {
        let json = self.import.format == FileForm::Jsonl;
        let name = format!("{}.{}", self.source(), if json { "jsonl" } else { "csv" });
        (name, if json { jsonl(&self.rows) } else { csv_of(&self.rows) })
    }
}

fn jsonl(rows: &[Row]) -> String {
    let mut out = String::new();
    for row in rows {
        let mut root = Value::Object(serde_json::Map::new());
        for (path, value) in row.iter().filter(|(_, value)| !value.is_empty()) {
            let mut open = &mut root;
            for name in path.split('.') {
                if open.is_null() {
                    *open = Value::Object(serde_json::Map::new());
                }
                open = open.as_object_mut().unwrap().entry(name).or_insert(Value::Null);
            }
            *open = value.as_str().into();
        }
        out += &format!("{root}\n");
    }
    out
}

fn csv_of(rows: &[Row]) -> String {
    let header: BTreeSet<&String> = rows.iter().flat_map(|row| row.keys()).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for row in rows {
        writer.write_record(header.iter().map(|name| row.get(*name).map_or("", |v| v))).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// The rows of an import file: what its cells or paths say.
fn rows_of(text: &str, form: FileForm) -> Vec<Row> {
    match form {
        FileForm::Csv => {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let header = reader.headers().unwrap().clone();
            let row = |row: csv::StringRecord| {
                header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
            };
            reader.records().map(|r| row(r.unwrap())).collect()
        }
        FileForm::Jsonl => text
            .lines()
            .map(|line| {
                let mut row = Row::new();
                flatten("", &serde_json::from_str(line).unwrap(), &mut row);
                row
            })
            .collect(),
    }
}

fn flatten(path: &str, value: &Value, out: &mut Row) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, v)| flatten(&below(name), v, out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, v)| flatten(&below(&at.to_string()), v, out));
        }
        Value::String(text) => drop(out.insert(path.to_owned(), text.clone())),
        other => drop(out.insert(path.to_owned(), other.to_string())),
    }
}

#[test]
fn every_import_is_written_by_a_plan_that_leaves_nothing_to_do() {
    let catalog = catalog();
    let names = catalog.names();
    let kinds = names.iter().map(|name| catalog.kind(name).unwrap());
    let mut cases: Vec<Case<'_>> = kinds
        .flat_map(|kind| kind.spec.import.iter().map(move |import| Case::new(kind, import)))
        .filter(|case| std::ptr::eq(case.import, case.imports[0]))
        .collect();
    let systems: BTreeSet<&str> = cases.iter().map(|case| case.kind.spec.system.as_str()).collect();
    let bench = Bench::new();
    bench
        .write("sameas.toml", "kinds = \"kinds\"\n[policy.default]\nowner = \"master\"\n")
        .write("kinds/master.toml", MASTER);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sources");
    for name in &names {
        let file = format!("{name}.toml");
        bench.write(&format!("kinds/{file}"), std::fs::read(folder.join(&file)).unwrap());
    }
    let mut master = Vec::new();
    for organization in [false, true] {
        for n in 0..NAMES.len() {
            let mut row = fields(n, organization);
            row.insert("Master No".to_owned(), format!("{}{n}", u8::from(organization)));
            row.insert("type".to_owned(), if organization { "o" } else { "p" }.to_owned());
            master.push(row);
        }
    }
    bench.write("master.csv", csv_of(&master));
    ingest(&bench, &cases);

    let mut wrong = Vec::new();
    for system in &systems {
        let plan = bench.json(&["sync-plan", "--to", system, "--out", &format!("plan-{system}")]);
        for case in cases.iter_mut().filter(|case| case.kind.spec.system == *system) {
            wrong.extend(check(&bench, &plan, case));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    ingest(&bench, &cases);
    for system in &systems {
        let plan = bench.json(&["sync-plan", "--to", system, "--out", &format!("again-{system}")]);
        if plan["changes"] != 0 {
            wrong.push(format!(
                "{system}: {plan:#}\n{}",
                bench.read(&format!("again-{system}/changes.csv"))
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ingest(bench: &Bench, cases: &[Case<'_>]) {
    let mut files = vec!["ingest".to_owned(), "master.csv:master@master".to_owned()];
    for case in cases {
        let (name, text) = case.file();
        bench.write(&name, text);
        files.push(format!("{name}:{}@{}", case.kind.spec.name, case.source()));
    }
    bench.runs(&files.iter().map(String::as_str).collect::<Vec<_>>());
    // Who is who is no question of this test.
    let mut same = String::from("a,b,verdict\n");
    for case in cases.iter().filter(|case| case.id_column().is_some()) {
        for n in 0..case.rows.len() {
            let (of, party) = (case.source(), n % NAMES.len());
            let master = format!("master:party/{}{party}", u8::from(case.organization));
            same += &format!("{of}:{}/{},{master},same\n", case.import.object, case.id(n));
        }
    }
    bench.write("same.csv", same);
    bench.runs(&["judgements", "import", "same.csv"]);
    bench.runs(&["rebuild"]);
}

/// Checks the files for one source, and applies them.
fn check(bench: &Bench, plan: &Value, case: &mut Case<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let source = case.source();
    let folder = format!("plan-{}", case.kind.spec.system);
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let mut merges = 0;
    for import in case.imports.clone() {
        let stem = format!("{source}-{}-", import.name);
        let files = plan["files"].as_array().unwrap().iter();
        for name in files.map(|file| file["name"].as_str().unwrap()) {
            let Some(rest) = name.strip_prefix(&stem) else { continue };
            let text = bench.read(&format!("{folder}/{name}"));
            if rest.starts_with("merges.") {
                merges += 1;
                wrong.extend(check_merges(case, import, name, &text));
            } else {
                wrong.extend(apply(case, import, name, &text, &mut written));
            }
        }
        for column in import.column.iter().filter(|c| !c.fixed && !import.find_by.contains(&c.name))
        {
            if column.denied.is_some() && written.get(&column.name) != column.denied.as_ref() {
                wrong.push(format!("{source}: no denial in {}", column.name));
            } else if !written.contains_key(&column.name) {
                wrong.push(format!("{source}: nothing is written into {}", column.name));
            }
        }
    }
    if merges != usize::from(case.merges()) {
        wrong.push(format!("{source}: {merges} lists of merges"));
    }
    wrong
}

/// The one merge that there is, of two records of the first party.
fn check_merges(case: &Case<'_>, import: &ImportSpec, name: &str, text: &str) -> Vec<String> {
    let spec = import.merge.as_ref().unwrap();
    assert!(name.ends_with(spec.format.as_str()), "{name}");
    let id = |n: usize| format!("{}{}", import.prefix, case.id(n));
    let rows = rows_of(text, spec.format);
    let told: Vec<[&String; 2]> =
        rows.iter().map(|row| [&row[&spec.survivor.0[0]], &row[&spec.loser.0[0]]]).collect();
    let (first, second) = (id(0), id(NAMES.len()));
    let sound = told == [[&first, &second]] || told == [[&second, &first]];
    if sound { Vec::new() } else { vec![format!("{name}: {rows:?}")] }
}

/// Does what the system does with an import file; `written` is what changed, by column.
fn apply(
    case: &mut Case<'_>,
    import: &ImportSpec,
    name: &str,
    text: &str,
    written: &mut BTreeMap<String, String>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    assert!(name.ends_with(import.format.as_str()), "{name}");
    let rows = rows_of(text, import.format);
    assert!(import.rows.is_none_or(|most| rows.len() as u64 <= most), "{name}");
    assert!(import.bytes.is_none_or(|most| text.len() as u64 <= most), "{name}");
    for row in rows {
        let filled = |column: &&String| row.get(*column).is_some_and(|cell| !cell.is_empty());
        let by = import.key.iter().chain(&import.find_by).find(filled).unwrap();
        let prefix = if import.key.is_some() { import.prefix.as_str() } else { "" };
        let wanted = row[by].strip_prefix(prefix).map(str::to_owned);
        let Some(own) = case.rows.iter_mut().find(|own| own.get(by) == wanted.as_ref()) else {
            wrong.push(format!("{name}: {by} finds no record: {row:?}"));
            continue;
        };
        for column in import.column.iter().filter(|column| column.required) {
            assert!(!row[&column.name].is_empty(), "{name}: {} is required", column.name);
        }
        for (column, value) in row {
            if import.column.iter().any(|known| known.name == column) {
                if !value.is_empty() && own.get(&column) != Some(&value) {
                    written.insert(column.clone(), value.clone());
                    own.insert(column, value);
                }
            } else if import.key.as_ref() != Some(&column) {
                let constant = import.body.contains_key(column.split('.').next().unwrap());
                assert!(constant, "{name}: {column} is no column of the import");
            }
        }
    }
    wrong
}

/// The table kinds × write-back has no blank: an object is taken by an import, or a reason is given.
#[test]
fn every_kind_is_written_back_or_says_why_not() {
    let catalog = catalog();
    for name in catalog.names() {
        let spec = &catalog.kind(&name).unwrap().spec;
        let blank = spec.record.iter().any(|record| {
            catalog.imports(&spec.system).all(|(_, import)| import.object != record.object)
        });
        assert_eq!(blank, !spec.no_import.is_empty(), "{name}: {:?}", written_back(catalog, spec));
    }
}

#[test]
fn a_system_without_an_import_is_refused_with_its_reason() {
    let bench = Bench::new();
    let header = "Sale Date,Order ID,Buyer User ID,Full Name,First Name,Last Name,Number of Items,\
                  Payment Method,Date Shipped,Street 1,Street 2,Ship City,Ship State,Ship Zipcode,\
                  Ship Country,Currency,Order Value,Coupon Code,Coupon Details,Discount Amount,\
                  Shipping Discount,Shipping,Sales Tax,Order Total,Status,Card Processing Fees,\
                  Order Net,Adjusted Order Total,Buyer,Order Type,Payment Type,SKU";
    let row = "09/23/26,3900000001,ann1,Ann Miller,Ann,Miller,1,Card,,12 High St,,Springfield,IL,\
               62701,United States,USD,8,,,0,0,8,0,8,Completed,1,1,1,Ann (ann1),online,cc,S";
    bench.write("EtsySoldOrders2026-9.csv", format!("{header}\n{row}\n"));
    bench.runs(&["ingest", "EtsySoldOrders2026-9.csv"]);
    bench.runs(&["rebuild"]);
    let (_, messages) = bench.exits(2, &["sync-plan", "--to", "etsy", "--out", "x"]);
    assert!(
        messages.contains("`etsy` takes no file of corrections: the marketplace"),
        "{messages}"
    );
}
