//! `seeds FOLDER`: writes the inputs that each fuzzer begins with to `FOLDER/TARGET`.

use std::path::Path;
use std::{env, fs};

fn main() -> std::io::Result<()> {
    let folder = env::args().nth(1).unwrap_or_else(|| "corpus".to_owned());
    for (target, _) in lockgate_fuzz_targets::TARGETS {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for (index, seed) in lockgate_fuzz_targets::seeds(target).iter().enumerate() {
            fs::write(folder.join(format!("seed-{index:03}")), seed)?;
        }
    }
    Ok(())
}
