//! Makes people up, and the exports of the systems that know them: input for benches, demos and
//! tests of scale, with the truth beside it.
//!
//! What systems export, what goes wrong in them and where people live is data (`data/synth/`); here
//! is how it comes together. docs/synth.md describes the model.
//!
//! The world is made in blocks of records, each from the seed and its place alone: memory does not
//! grow with the records, and the bytes are the same for any number of threads.

mod block;
mod country;
mod people;
mod picture;
mod random;
mod record;
mod slips;
mod spec;
mod template;
mod write;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use block::Block;
use country::Country;
use random::{Random, Weighted};
use spec::{Holds, Layout};
use write::Ids;

/// Records made together.
const BLOCK_RECORDS: u64 = 8_192;
/// Blocks made at a time, for each thread: enough that none waits long for the slowest.
const BLOCKS_A_THREAD: usize = 4;
/// The file with the truth.
const TRUTH: &str = "truth.csv";

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Records in all files together.
    pub records: u64,
    /// Another seed makes other people.
    pub seed: u64,
    /// One table of five systems in place of their exports.
    pub flat: bool,
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Records in all files.
    pub records: u64,
    /// Persons with at least one of them.
    pub persons: u64,
    /// Companies with at least one of them.
    pub organizations: u64,
    /// The files, the truth last.
    pub files: Vec<SummaryFile>,
}

/// A file that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SummaryFile {
    /// Its name in the folder.
    pub file: String,
    /// Records in it; of the truth, labelled ones.
    pub records: u64,
    /// Its size.
    pub bytes: u64,
}

/// Everything a block is made from.
#[derive(Debug)]
struct World {
    seed: u64,
    records: u64,
    layout: Layout,
    /// Countries by the share of their households.
    countries: Weighted<Country>,
    /// Sum of the countries' shares.
    shares: f32,
    /// How many records a person has, less one.
    sizes: Weighted<usize>,
    /// Ids by file of the layout.
    ids: Vec<Ids>,
    /// Files written, and for each file of the layout its place among them.
    files: Vec<String>,
    file_of: Vec<usize>,
}

impl World {
    fn new(request: Request) -> Result<Self> {
        let layout = spec::layout(request.flat)?;
        let mut specs = spec::countries()?;
        specs.retain(|country| {
            layout.countries.is_empty() || layout.countries.contains(&country.code)
        });
        let countries = country::load(specs)?;
        let shares = countries.iter().map(|country| country.spec.share).sum();
        let mut files: Vec<String> = Vec::new();
        let mut file_of = Vec::new();
        for spec in &layout.files {
            let place = files.iter().position(|file| *file == spec.file);
            file_of.push(place.unwrap_or(files.len()));
            if place.is_none() {
                files.push(spec.file.clone());
            }
        }
        let ids: Vec<Ids> = layout.files.iter().map(|file| Ids::new(file, request.seed)).collect();
        let most = ids.iter().map(Ids::size).min().unwrap_or(0);
        if request.records == 0 || request.records > most {
            let message = format!("cannot make {} records", request.records);
            return Err(Error::new(ErrorKind::Config, message)
                .at("--records")
                .hint(format!("give a number from 1 to {most}")));
        }
        let sizes = layout.records.iter().copied().enumerate();
        Ok(Self {
            seed: request.seed,
            records: request.records,
            sizes: Weighted::new(sizes),
            countries: Weighted::new(countries.into_iter().map(|country| {
                let share = country.spec.share;
                (country, share)
            })),
            shares,
            ids,
            files,
            file_of,
            layout,
        })
    }

    /// The files of the layout that may hold such a record, by their shares.
    fn files_for(&self, country: &Country, person: bool) -> Weighted<usize> {
        let other = if person { Holds::Organizations } else { Holds::Persons };
        let fitting = self.layout.files.iter().enumerate().filter(|(_, file)| {
            file.holds != other
                && (file.countries.is_empty() || file.countries.contains(&country.spec.code))
        });
        Weighted::new(fitting.map(|(place, file)| (place, file.share)))
    }
}

/// Makes the records and writes them, with the truth, into a folder; makes the folder if missing.
/// `progress` hears how many records are written so far. Uses the threads of the current pool.
///
/// # Errors
/// No records or more than ids for them, a file is there already, or writing fails.
pub fn write(request: Request, folder: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Summary> {
    let world = World::new(request)?;
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    let mut output = Output::create(&world, folder)?;
    let blocks: Vec<u64> = (0..request.records.div_ceil(BLOCK_RECORDS)).collect();
    let mut ready: Vec<Block> = Vec::new();
    for places in blocks.chunks(BLOCKS_A_THREAD * rayon::current_num_threads()) {
        // The last blocks are written while the next are made.
        let (next, written) = rayon::join(
            || places.par_iter().map(|place| Block::new(&world, *place)).collect::<Vec<_>>(),
            || ready.iter().try_for_each(|block| output.add(block)),
        );
        written?;
        progress(output.summary.records);
        ready = next;
    }
    ready.iter().try_for_each(|block| output.add(block))?;
    progress(output.summary.records);
    Ok(output.summary)
}

/// The files being written.
struct Output {
    files: Vec<(PathBuf, File)>,
    summary: Summary,
}

impl Output {
    fn create(world: &World, folder: &Path) -> Result<Self> {
        let names: Vec<&str> = world.files.iter().map(String::as_str).chain([TRUTH]).collect();
        if let Some(name) = names.iter().find(|name| folder.join(name).exists()) {
            return Err(Error::new(ErrorKind::Config, "a file of this name is there already")
                .at(folder.join(name).display())
                .hint("name another folder with --out, or remove the file"));
        }
        let mut output = Self { files: Vec::new(), summary: Summary::default() };
        for name in names {
            let path = folder.join(name);
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
                .map_err(|error| Error::io(&path, error))?;
            output.files.push((path, file));
            output.summary.files.push(SummaryFile { file: name.to_owned(), ..Default::default() });
        }
        for (place, head) in block::heads(world).iter().enumerate() {
            output.append(place, head)?;
        }
        Ok(output)
    }

    fn append(&mut self, place: usize, bytes: &[u8]) -> Result<()> {
        let (path, file) = &mut self.files[place];
        file.write_all(bytes).map_err(|error| Error::io(path, error))?;
        self.summary.files[place].bytes += bytes.len() as u64;
        Ok(())
    }

    fn add(&mut self, block: &Block) -> Result<()> {
        for (place, (bytes, records)) in block.files.iter().enumerate() {
            self.append(place, bytes)?;
            self.summary.files[place].records += records;
        }
        self.summary.records += block.records;
        self.summary.persons += block.persons;
        self.summary.organizations += block.organizations;
        Ok(())
    }
}
