//! Signals that end a run.

/// The name of each for `kill`, and the exit code that it leads to. A hangup is left out where this process was started to ignore it, as by
/// `nohup`: its children ignore it too, as they should.
pub fn ending_signals() -> Vec<(&'static str, i32)> {
    let all = [("-INT", 130), ("-TERM", 143), ("-HUP", 129)];
    let is_heard = |(name, _): &(&str, i32)| *name != "-HUP" || !ignores_hangups();
    all.into_iter().filter(is_heard).collect()
}

/// Whether this process ignores hangups, where the system tells.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    ignored.is_some_and(|set| set & 1 == 1)
}
