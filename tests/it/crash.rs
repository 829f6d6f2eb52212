//! The process is killed (SIGKILL) in each step of each command, and at any moment: nothing
//! acknowledged is lost, the store opens and verifies, and the command run again comes out as if it
//! had never been disturbed.
//!
//! `SAMEAS_KILLS=300 cargo test --test it crash -- --nocapture` is the full form.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::scenario::{Scene, amount, sameas, scenes};

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// As the n-th of all steps begins.
    Step(usize),
    /// After this share of its usual time, in thousandths.
    Any(u32),
}

/// What a step is done to: `manifest` of `write manifest`.
fn part_of(step: &str) -> &str {
    step.rsplit(' ').next().unwrap_or(step)
}

/// Runs the scene's command and kills it; whether it had acknowledged its work.
fn kill(scene: &Scene, folder: &std::path::Path, moment: Moment, usual: Duration) -> bool {
    let (trace, answer) = (folder.join("steps"), folder.join("answer"));
    let mut command = sameas(folder, &scene.arguments);
    command.stdout(fs::File::create(&answer).unwrap()).stderr(Stdio::null());
    let mut child = match moment {
        Moment::Step(at) => {
            let step = &scene.steps[at];
            let nth = scene.steps[..=at].iter().filter(|known| *known == step).count();
            command.env("SAMEAS_FAULT", format!("{step}#{nth}=hang")).env("SAMEAS_STEPS", &trace);
            let mut child = command.spawn().unwrap();
            let reached = || {
                let steps = fs::read_to_string(&trace).unwrap_or_default();
                steps.lines().filter(|line| line == step).count() >= nth
            };
            let begun = Instant::now();
            while !reached() {
                assert!(
                    child.try_wait().unwrap().is_none(),
                    "{}: never at {step} {nth}",
                    scene.verb
                );
                assert!(begun.elapsed() < Duration::from_secs(120), "{step} is not reached");
                std::thread::sleep(Duration::from_millis(2));
            }
            child
        }
        Moment::Any(share) => {
            let child = command.spawn().unwrap();
            std::thread::sleep(usual * share / 1_000);
            child
        }
    };
    child.kill().unwrap();
    let status = child.wait().unwrap();
    if let Moment::Step(_) = moment {
        assert_eq!(status.signal(), Some(9), "{status:?}");
    }
    fs::metadata(answer).unwrap().len() > 0
}

/// How many kills each part of a scene gets: a recovery remakes what the other commands make, with
/// the same steps, and gets a quarter.
fn share(verb: &str, each: usize) -> usize {
    if verb == "recover" { each.div_ceil(4) } else { each }
}

/// Moments for each scene, `each` in every part that it writes to ([`share`]).
fn moments(scene: &Scene, each: usize) -> Vec<(String, Moment)> {
    let mut parts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, step) in scene.steps.iter().enumerate() {
        parts.entry(part_of(step)).or_default().push(at);
    }
    let each = share(scene.verb, each);
    let mut out = Vec::new();
    for (part, steps) in parts {
        // Spread over the steps of the part, beginning with its last: that is where it commits.
        for n in 0..each {
            let at = steps[steps.len() - 1 - n * steps.len() / each % steps.len()];
            out.push((part.to_owned(), Moment::Step(at)));
        }
    }
    // 389 is prime to 1,000: the shares never meet, and lie evenly.
    let any = |n: usize| Moment::Any((n as u32 * 389 + 500) % 1_000);
    out.extend((0..each).map(|n| ("at any moment".to_owned(), any(n))));
    out
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let wanted = amount("SAMEAS_KILLS", 0);
    let kills = |each: usize| scenes().iter().map(|s| moments(s, each).len()).sum::<usize>();
    let each = match wanted {
        0 => 1,
        _ => (20..).find(|each| kills(*each) >= wanted).unwrap(),
    };
    let mut jobs: Vec<(&Scene, String, Moment)> = scenes()
        .iter()
        .flat_map(|scene| moments(scene, each).into_iter().map(move |(p, m)| (scene, p, m)))
        .collect();
    if wanted == 0 {
        // The usual run of the tests is short: every third part.
        jobs = jobs.into_iter().step_by(3).collect();
    }
    let usual: BTreeMap<&str, Duration> =
        scenes().iter().map(|s| (s.verb, usual_time(s))).collect();

    let started = Instant::now();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::<(&str, String), usize>::new());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((scene, part, moment)) =
                    jobs.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let folder = scene.start();
                    let acknowledged = kill(scene, folder.path(), *moment, usual[scene.verb]);
                    let name = match moment {
                        Moment::Step(at) => scene.steps[*at].clone(),
                        Moment::Any(_) => part.clone(),
                    };
                    *done.lock().unwrap().entry((scene.verb, part.clone())).or_default() += 1;
                    // Ground determines the results: rebuilding is looked at now and then.
                    let rebuild = done.lock().unwrap().values().sum::<usize>() % 5 == 0;
                    if let Err(what) = scene.check(folder.path(), acknowledged, rebuild) {
                        failed
                            .lock()
                            .unwrap()
                            .push(format!("{} at {name} ({moment:?}): {what}", scene.verb));
                    }
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    for ((verb, part), kills) in &done {
        println!("{kills:>4} kills of {verb} in {part}");
    }
    let kills: usize = done.values().sum();
    println!("{kills} kills in {:.0} s", started.elapsed().as_secs_f64());
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "{} of {kills} kills did harm:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(kills >= wanted);
    assert!(done.iter().all(|((verb, _), kills)| *kills >= share(verb, each)));
}

/// How long the command takes when nothing disturbs it.
fn usual_time(scene: &Scene) -> Duration {
    let folder = scene.start();
    let started = Instant::now();
    assert!(sameas(folder.path(), &scene.arguments).output().unwrap().status.code().is_some());
    started.elapsed()
}
