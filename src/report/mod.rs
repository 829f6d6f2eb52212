//! The files of a report, from a snapshot. Nothing here holds a clock, a run id or an ingest
//! sequence but `summary.json` under `run`.
